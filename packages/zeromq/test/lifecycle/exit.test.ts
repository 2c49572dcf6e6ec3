import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import * as zmq from '../../src/index.ts'

const program = fileURLToPath(new URL('program.ts', import.meta.url))

/** Milliseconds within which whoever exits by itself has exited; others are ended. */
const PATIENCE = 1500

/** The shapes, and whether the zeromq package's process exits by itself (asserted below, not remembered). */
const SHAPES: Readonly<Record<string, 'exits' | 'stays'>> = {
  'a socket that was made': 'exits',
  'a socket that is bound': 'exits',
  'a socket that connects to nobody': 'exits',
  'a socket that is connected and idle': 'exits',
  'a message for nobody, lingering for ever': 'stays',
  'a message for nobody, not lingering': 'exits',
  'a message for nobody, lingering shortly': 'exits',
  'a receive that waits': 'stays',
  'a send that waits': 'stays',
  'an event that is waited for': 'stays',
  'a listener for an event': 'stays',
  'a listener for an event, of a socket that is closed': 'exits',
  'a closed socket with a message for nobody, lingering shortly': 'exits',
}

describe.concurrent('a process ends as one with the zeromq package does', () => {
  for (const [shape, expected] of Object.entries(SHAPES)) {
    for (const which of ['native', 'ours']) {
      test(`${which}: with ${shape} it ${expected}`, async ({ expect: expected_ }) => {
        const sink = new zmq.Pull()
        await sink.bind('tcp://127.0.0.1:*')

        const outcome = await end(which, shape, sink.lastEndpoint!)

        expected_(outcome).toBe(expected)
        if (shape === 'a socket that is connected and idle') expected_(String(await sink.receive())).toBe('hello')
        sink.close()
      })
    }
  }
})

test('there are eight shapes and more', () => {
  expect(Object.keys(SHAPES).length).toBeGreaterThanOrEqual(8)
})

function end(which: string, shape: string, sink: string): Promise<string> {
  return new Promise(resolve => {
    const child = fork(program, [which, shape, sink], {
      execArgv: ['--conditions=millrace-source'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    let errors = ''
    child.stderr?.on('data', chunk => (errors += String(chunk)))
    let timer: NodeJS.Timeout | undefined
    const wait = (): void => {
      clearTimeout(timer)
      timer = setTimeout(() => {
        resolve('stays')
        child.kill('SIGKILL')
      }, PATIENCE)
    }
    // It says when it begins and when it has run; what waits never says the second.
    child.on('message', wait)
    child.on('exit', code => {
      clearTimeout(timer)
      resolve(code === 0 ? 'exits' : `fails with ${code}: ${errors}`)
    })
  })
}
