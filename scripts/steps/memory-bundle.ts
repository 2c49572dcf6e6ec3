import { gzipSync } from 'node:zlib'
import { rolldown } from 'rolldown'
import { failed, passed } from './outcome.ts'
import { root } from './root.ts'
import type { Step } from './step.ts'

/** What an application that uses the memory broker alone may weigh, minified, in bytes. */
const bound = 75_000

/** Bundles `import { memory } from 'millrace/memory'` as an application would: whatever else comes along is a fault. */
export const memoryBundle: Step = {
  name: 'memory bundle',
  async run() {
    const entry = 'an-application.ts'
    const bundle = await rolldown({
      input: entry,
      cwd: root,
      platform: 'node',
      onLog(_level, log) {
        // Left outside the bundle it would weigh nothing.
        if (log.code === 'UNRESOLVED_IMPORT') throw new Error(log.message)
      },
      resolve: { conditionNames: ['millrace-source', 'node', 'import', 'default'] },
      plugins: [
        {
          name: 'application',
          resolveId: id => (id === entry ? `${root}/${entry}` : null),
          load: id => (id.endsWith(entry) ? `import { memory } from 'millrace/memory'\nexport default memory` : null),
        },
      ],
    })
    const { output } = await bundle.generate({ minify: true, codeSplitting: false })
    await bundle.close()
    const code = output.map(part => (part.type === 'chunk' ? part.code : '')).join('')
    const size = Buffer.byteLength(code)
    const note = `${kilobytes(size)} minified, ${kilobytes(gzipSync(code).length)} gzipped`
    return size <= bound ? passed(note) : failed(`${note}: more than ${kilobytes(bound)}`)
  },
}

const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`
