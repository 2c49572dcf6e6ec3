/** The version of libzmq whose behaviour this package has. */
export const version: string = '4.3.5'

/** What this ZeroMQ can do, by the names that libzmq's `zmq_has` knows. */
export const capability: Readonly<Record<string, boolean>> = {
  ipc: process.platform !== 'win32',
  pgm: false,
  tipc: false,
  norm: false,
  curve: true,
  gssapi: false,
  draft: true,
}
