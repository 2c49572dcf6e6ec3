/** The version of libzmq whose behaviour this is. */
export const version: string = '4.3.5'

/** What can be used; the keys are those of the `zeromq` package, whose prebuilt libzmq has TIPC sockets and Node has not. */
export const capability: Partial<Record<'ipc' | 'pgm' | 'tipc' | 'norm' | 'curve' | 'gssapi' | 'draft', boolean>> = {
  ipc: true,
  pgm: false,
  tipc: false,
  norm: false,
  curve: true,
  gssapi: false,
  draft: true,
}
