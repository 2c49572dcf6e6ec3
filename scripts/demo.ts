/** `npm run demo`: the main job, on the memory broker and real data. */
import { spawn } from 'node:child_process'
import { root } from './steps/root.ts'

// With our own streams, so that it knows a terminal when it has one.
const args = ['--conditions=millrace-source', '--disable-warning=ExperimentalWarning', 'examples/demo/main.ts']
const demo = spawn(process.execPath, [...args, ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => demo.kill(signal))
demo.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)))
