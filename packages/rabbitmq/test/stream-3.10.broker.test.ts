import { keepsTheContract } from './keeps-the-contract.ts'

await keepsTheContract('3.10', 'streams', { queues: 'stream' })
