/** Whether it has to be waited for. Asked before every await on a hot path: an await of a plain value costs 100 ns. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof (value as PromiseLike<unknown>).then === 'function'
  )
}
