import { chmod, lstat, open, readdir, readlink, rm, stat, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { exists } from './cache.ts'
import { HarnessError } from './error.ts'
import { runCommand } from './run-command.ts'

const machines: Partial<Record<NodeJS.Architecture, { folder: string; loader: string }>> = {
  x64: { folder: 'x86_64-linux-gnu', loader: 'ld-linux-x86-64.so.2' },
  arm64: { folder: 'aarch64-linux-gnu', loader: 'ld-linux-aarch64.so.1' },
}

/** Points the absolute links of an unpacked tree at the tree itself, where their target is in it. */
export async function relink(root: string): Promise<void> {
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) continue
    const link = join(entry.parentPath, entry.name)
    const target = await readlink(link)
    if (!target.startsWith('/') || target.startsWith(root) || !(await exists(join(root, target)))) continue
    await rm(link)
    await symlink(relative(dirname(link), join(root, target)), link)
  }
}

/**
 * Makes the programs at these paths of an unpacked tree use the libraries and the loader of that tree, so that they run on a machine whose own
 * are older, newer or not there. A library path in the environment would not do: the machine's own shell would then load them too.
 */
export async function bindToPrefix(root: string, programs: readonly string[]): Promise<void> {
  const machine = machines[process.arch]
  if (!machine) throw new HarnessError('NOT_AVAILABLE', `no packages are known for a ${process.arch} machine`)
  const libraries = [join(root, 'usr/lib', machine.folder), join(root, 'lib', machine.folder)]
  const loaders = libraries.map(folder => join(folder, machine.loader))
  const loader = (await exists(loaders[0]!)) ? loaders[0]! : loaders[1]! // there are two
  // patchelf is itself one of the unpacked programs, run here through the tree's loader.
  const patch = [loader, '--library-path', libraries.join(':'), join(root, 'usr/bin/patchelf')] as const
  const rpath = ['--force-rpath', '--add-rpath', libraries.join(':')]

  for (const path of programs) {
    for (const file of await filesUnder(join(root, path))) {
      const kind = await elfKind(file)
      if (!kind) continue
      await chmod(file, (await stat(file)).mode | 0o200)
      const interpreter = kind === 'program' ? ['--set-interpreter', loader] : []
      await runCommand(patch[0], [...patch.slice(1), ...interpreter, ...rpath, file])
    }
  }
}

/** Where the unpacked OpenSSL finds its modules, for OPENSSL_MODULES: left alone it takes the machine's. */
export function opensslModules(root: string): string {
  return join(root, 'usr/lib', machines[process.arch]?.folder ?? '', 'ossl-modules')
}

async function filesUnder(path: string): Promise<string[]> {
  const found = await lstat(path).catch(() => undefined)
  if (!found) throw new HarnessError('NOT_AVAILABLE', `the packages do not have ${path}`)
  if (found.isFile()) return [path]
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  return entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
}

/** By the program headers of a 64-bit little-endian ELF file (System V ABI, chapter 5): whether it asks for a loader, is a library, or is neither. */
async function elfKind(path: string): Promise<'program' | 'library' | undefined> {
  await using file = await open(path)
  const { buffer: head, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, 0)
  if (bytesRead < 64 || head.readUInt32BE(0) !== 0x7f454c46) return undefined
  const start = Number(head.readBigUInt64LE(32))
  const [size, count] = [head.readUInt16LE(54), head.readUInt16LE(56)]
  let kind: 'program' | 'library' | undefined
  for (let at = start, left = count; left > 0 && at + 4 <= bytesRead; at += size, left -= 1) {
    const type = head.readUInt32LE(at)
    if (type === 3) return 'program' // PT_INTERP
    if (type === 2) kind = 'library' // PT_DYNAMIC
  }
  return kind
}
