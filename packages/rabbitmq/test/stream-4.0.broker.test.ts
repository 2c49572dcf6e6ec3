import { keepsTheContract } from './keeps-the-contract.ts'

await keepsTheContract('4.0', 'streams', { queues: 'stream' })
