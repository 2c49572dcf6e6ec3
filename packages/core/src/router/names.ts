/** A broker's name, where what was given has one. */
export function brokerName(part: object | undefined): string | undefined {
  const name: unknown = part === undefined ? undefined : (part as { name?: unknown }).name
  return typeof name === 'string' ? name : undefined
}
