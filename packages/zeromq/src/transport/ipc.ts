import { existsSync, lstatSync, mkdtempSync, rmSync, unlinkSync } from 'node:fs'
import { connect, createServer, type IpcNetConnectOpts, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { directReads, DirectReads, rewrap, socketOptions, StreamLink } from './stream-link.ts'
import { listenNow } from './listen-now.ts'
import { connecting, listening, listenerOf } from './tcp.ts'
import { TransportError } from './transport-error.ts'
import type { ConnectEvents, Connecting, LinkOptions, Listener, ListenerEvents, Transport } from './transport.ts'

/** The longest path of a socket in octets; the system's structure holds one more for the final zero. */
const LONGEST_PATH = 107

/** ipc: a path, `@name` in Linux's abstract names, or `*` for a path of our own choice. On Windows a named pipe. */
export function ipcTransport(scratch: Uint8Array): Transport {
  return {
    listen: (address, options, events) => listen(address, options, events, scratch),
    listenNow: (address, options, events) => listenAtOnce(address, options, events, scratch),
    connect: (address, options, events) => connectTo(address, options, events, scratch),
  }
}

async function listen(
  address: string,
  options: LinkOptions,
  events: ListenerEvents,
  scratch: Uint8Array,
): Promise<Listener> {
  const place = placeOf(address, options)
  const server = accepting(place.name, options, events, scratch)
  await listening(
    server,
    options.useFd >= 0 ? { fd: options.useFd } : { path: place.path, backlog: options.backlog, exclusive: true },
  )
  server.on('error', error => events.failed(error))
  return listenerOf(server, `ipc://${place.name}`, place.free)
}

function listenAtOnce(address: string, options: LinkOptions, events: ListenerEvents, scratch: Uint8Array): Listener {
  if (options.useFd >= 0) throw new TransportError('EINVAL', 'USE_FD needs bind(), not bindSync()')
  const place = placeOf(address, options)
  const server = accepting(place.name, options, events, scratch)
  listenNow(server, { path: place.path }, options.backlog)
  server.on('error', error => events.failed(error))
  return listenerOf(server, `ipc://${place.name}`, place.free)
}

/** Where to listen; a wildcard gets a folder of its own. `free` removes what the file system keeps. */
function placeOf(address: string, options: LinkOptions): { name: string; path: string; free: () => void } {
  const wildcard = address === '*'
  const name = wildcard ? join(mkdtempSync(join(tmpdir(), 'zmq')), 'socket') : address
  const path = systemPath(name)
  const isFile = process.platform !== 'win32' && !path.startsWith('\0')
  if (isFile && options.useFd < 0) {
    // Node says EACCES for a folder that is not there.
    if (!existsSync(dirname(path))) throw new TransportError('ENOENT', `there is no folder for '${path}'`)
    unlinkStale(path)
  }
  const free = (): void => {
    if (!isFile) return
    rmSync(path, { force: true })
    if (wildcard) rmSync(dirname(path), { force: true, recursive: true })
  }
  return { name, path, free }
}

/** A server that hands on what it accepts; it does not listen yet. */
function accepting(name: string, options: LinkOptions, events: ListenerEvents, scratch: Uint8Array): Server {
  return createServer({ pauseOnConnect: true }, accepted => {
    let reads = options.reads === 'direct' && directReads() ? new DirectReads(scratch) : undefined
    let socket = reads === undefined ? undefined : rewrap(accepted, reads)
    if (socket === undefined) {
      socket = accepted
      reads = undefined
    }
    events.accepted(new StreamLink(socket, reads, endsOf(name)))
  })
}

function connectTo(address: string, options: LinkOptions, events: ConnectEvents, scratch: Uint8Array): Connecting {
  const path = systemPath(address)
  const reads = options.reads === 'direct' && directReads() ? new DirectReads(scratch) : undefined
  const target: IpcNetConnectOpts = { ...socketOptions(reads), path }
  return connecting(connect(target), reads, options, events, () => endsOf(address))
}

function endsOf(name: string): { peerAddress: string; local: string; remote: string } {
  return { peerAddress: '', local: `ipc://${name}`, remote: `ipc://${name}` }
}

function systemPath(name: string): string {
  if (name === '' || name === '@') throw new TransportError('EINVAL', 'an ipc address needs a path or a name')
  if (Buffer.byteLength(name) > LONGEST_PATH) {
    throw new TransportError('ENAMETOOLONG', `'${name}' is longer than the ${LONGEST_PATH} octets of a socket's path`)
  }
  if (process.platform === 'win32') return `\\\\.\\pipe\\${name}`
  return name.startsWith('@') ? `\0${name.slice(1)}` : name
}

/** A socket that a process left behind would keep its path for ever; another file is not ours to remove. */
function unlinkStale(path: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat?.isSocket() === true) unlinkSync(path)
}
