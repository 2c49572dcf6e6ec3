export type * from './driver.ts'
export type { Clock, Timer } from '../clock/clock.ts'
export { systemClock } from '../clock/system.ts'
