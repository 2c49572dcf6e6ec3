import { keepsTheContract } from './keeps-the-contract.ts'

await keepsTheContract('3.10')
