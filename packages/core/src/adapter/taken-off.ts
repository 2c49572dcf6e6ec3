import { MillraceError } from '../errors.ts'

/**
 * What `const { ack } = delivery` and then `ack()` comes to: a delivery is settled by its methods, and those have to be
 * called on it. Bound ones would cost each message more than all else that it is here.
 */
export function takenOff(method: 'ack' | 'nack' | 'reject' | 'release' | 'extend'): MillraceError {
  return new MillraceError(
    'BAD_OPTION',
    `${method} was taken off its delivery: call delivery.${method}(), or hand on () => delivery.${method}()`,
  )
}
