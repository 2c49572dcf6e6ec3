import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { npm } from './npm.mjs'

/** Makes node_modules match package-lock.json: by `npm ci` under the given Node, or not at all where it does already. */
export async function installDependencies(root, node, env) {
  if (isStamped(root)) return
  await alone(join(root, '.cache', 'installing'), async () => {
    if (isStamped(root)) return
    if (!(await agreesWithLock(root)))
      await npm(['ci', '--include=dev', '--include=optional', '--include=peer'], {
        node,
        cwd: root,
        env,
        doing: `installing ${Object.keys(readLock(root, 'package-lock.json')).length} packages`,
      })
    writeFileSync(stamp(root), lockHash(root))
  })
}

const stamp = root => join(root, 'node_modules', '.millrace-installed')
const isStamped = root => existsSync(stamp(root)) && readFileSync(stamp(root), 'utf8') === lockHash(root)
const lockHash = root => createHash('sha256').update(readFileSync(join(root, 'package-lock.json'))).digest('hex') // prettier-ignore
const readLock = (root, file) => JSON.parse(readFileSync(join(root, file), 'utf8')).packages

/** Looks again after a second: an npm that is at work writes its two files one after the other. */
async function agreesWithLock(root) {
  for (let looks = 0; looks < 2; looks++) {
    if (looks > 0) await pause(1000)
    if (!existsSync(join(root, 'node_modules', '.package-lock.json'))) return false
    if (differences(root).length === 0) return true
  }
  return false
}

/** Where the lock file and npm's own record of what it installed differ, so that a hand-made `npm install` counts. */
function differences(root) {
  const installed = readLock(root, join('node_modules', '.package-lock.json'))
  return Object.entries(readLock(root, 'package-lock.json')).filter(([path, locked]) => {
    if (!path.includes('node_modules/')) return false
    const found = installed[path]
    // What is optional and for no platform in particular belongs to another that was left out.
    if (found === undefined) return !locked.optional || (locked.os !== undefined && fits(locked))
    return found.version !== locked.version || found.integrity !== locked.integrity || found.link !== locked.link
  })
}

function fits({ os, cpu, libc }) {
  const glibc = () => (process.report.getReport().header.glibcVersionRuntime ? 'glibc' : 'musl')
  return (
    allows(os, () => process.platform) &&
    allows(cpu, () => process.arch) &&
    (process.platform !== 'linux' || allows(libc, glibc))
  )
}

/** npm's lists: `['linux']` is these alone, `['!win32']` is all but these. */
function allows(list, actual) {
  if (list === undefined) return true
  const name = actual()
  return list.includes(name) || (list.every(entry => entry.startsWith('!')) && !list.includes(`!${name}`))
}

/** One install at a time: a folder is the lock, and one whose owner is gone is taken over. */
async function alone(lock, work) {
  mkdirSync(join(lock, '..'), { recursive: true })
  for (;;) {
    try {
      mkdirSync(lock)
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
      if (isStale(lock)) rmSync(lock, { recursive: true, force: true })
      else await pause(300)
    }
  }
  try {
    writeFileSync(join(lock, 'pid'), String(process.pid))
    return await work()
  } finally {
    rmSync(lock, { recursive: true, force: true })
  }
}

function isStale(lock) {
  try {
    process.kill(Number(readFileSync(join(lock, 'pid'), 'utf8')), 0)
    return false
  } catch (error) {
    if (error.code === 'EPERM') return false
    if (error.code === 'ESRCH') return true
    // The owner has not written its number yet, or died before it could.
    return !existsSync(lock) || Date.now() - statSync(lock).mtimeMs > 10_000
  }
}
