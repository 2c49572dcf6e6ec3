export { settled, virtualClock } from './virtual-clock.ts'
export type { VirtualClock } from './virtual-clock.ts'
