import { random } from './random.ts'

/** Strings that look like addresses, and strings that do not; none of them leaves the machine. */
export function* addresses(): Generator<string> {
  yield* ['', 'tcp', 'tcp:', 'tcp:/', 'tcp://', '://', 'tcp://:', 'tcp://*', 'tcp://127.0.0.1', 'tcp://127.0.0.1:']
  yield* [
    'tcp://127.0.0.1:65536',
    'tcp://127.0.0.1:-1',
    'tcp://127.0.0.1:1x',
    'tcp://[::1',
    'tcp://[]:1',
    'tcp://::1:1',
  ]
  yield* [
    'tcp://;127.0.0.1:1',
    'tcp://127.0.0.1:1;',
    'tcp://;:;:',
    'tcp://[::1%lo',
    'tcp://127.0.0.1:%00',
    'tcp://256.1.1.1:1',
  ]
  yield* [
    'ipc://',
    'inproc://',
    'ipc://@',
    'udp://127.0.0.1:1',
    'pgm://lo;239.0.0.1:1',
    'epgm://x',
    'norm://x',
    'tipc://{1,2,3}',
  ]
  yield* [
    'vmci://1:1',
    'vsock://1:1',
    'ws://',
    'gopher://127.0.0.1:70',
    `ipc:///tmp/${'x'.repeat(200)}`,
    'TCP://127.0.0.1:1',
  ]
  const next = random(11)
  const letters = 'tcpioudws:/.*;@[]%#? 0123456789\0é'
  for (let turn = 0; turn < 150; turn++) {
    const tail = Array.from({ length: next(20) }, () => letters[next(letters.length)]).join('')
    yield turn % 2 === 0 ? tail : `tcp://127.0.0.1:${tail}`
  }
}
