import { resolve, type SourceFile } from './source-file.ts'

/**
 * The shortest ring of imports through each file that is in one, every ring once, from its first file by name. What is
 * imported as a type only is gone when the files are loaded, so it closes no ring; the floors count it.
 */
export function findCycles(files: readonly SourceFile[]): string[][] {
  const known = new Set(files.map(({ path }) => path))
  const targets = new Map(
    files.map(({ path, imports }) => [
      path,
      imports.flatMap(({ from, kind }) => {
        const target = kind === 'value' ? resolve(path, from) : undefined
        return target !== undefined && known.has(target) ? [target] : []
      }),
    ]),
  )
  const cycles = new Map<string, string[]>()
  for (const path of [...known].toSorted()) {
    const ring = shortestRing(path, targets)
    const key = [...new Set(ring)].toSorted().join('\n')
    if (ring && !cycles.has(key)) cycles.set(key, ring)
  }
  return [...cycles.values()]
}

function shortestRing(start: string, targets: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const cameFrom = new Map<string, string>()
  const waiting = [start]
  for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
    for (const target of targets.get(path) ?? []) {
      if (target === start) return trace(path, cameFrom, start)
      if (cameFrom.has(target)) continue
      cameFrom.set(target, path)
      waiting.push(target)
    }
  }
  return undefined
}

function trace(last: string, cameFrom: ReadonlyMap<string, string>, start: string): string[] {
  const ring = [start]
  for (let path: string | undefined = last; path !== undefined && path !== start; path = cameFrom.get(path))
    ring.splice(1, 0, path)
  return [...ring, start]
}
