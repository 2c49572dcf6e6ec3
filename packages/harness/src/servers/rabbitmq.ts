import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { debianPrefix } from '../debian.ts'
import { opensslModules } from '../debian-prefix.ts'
import { dialogue } from '../dialogue.ts'
import type { Dialogue } from '../dialogue.ts'
import { HarnessError } from '../error.ts'
import type { Place, Program, Recipe } from '../recipe.ts'
import type { Secure } from '../secure.ts'

/** RabbitMQ with its own Erlang, from the packages of two Debian releases. */
export const rabbitmq: Recipe = {
  versions: ['4.0.5', '3.10.8'],

  async fetch(version, say) {
    const root = await debianPrefix(
      {
        name: `rabbitmq/${version}`,
        suite: version.startsWith('4.') ? 'trixie' : 'bookworm',
        packages: ['rabbitmq-server'],
        programs: [erlang],
        finish: moveErlang,
      },
      say,
    )
    // The release may since have got a newer one.
    const lib = join(root, 'usr/lib/rabbitmq/lib')
    const [name] = (await readdir(lib)).filter(entry => entry.startsWith('rabbitmq_server-'))
    if (!name) throw new HarnessError('NOT_AVAILABLE', `the package of RabbitMQ ${version} has no server in it`)
    // Not the launcher in /usr/sbin: that one wants root or the user 'rabbitmq'.
    return rabbitProgram(root, { version: name.replace('rabbitmq_server-', ''), sbin: join(lib, name, 'sbin') })
  },
}

const erlang = 'usr/lib/erlang'

/** Debian writes the place of Erlang into its launcher, where no variable can change it. */
async function moveErlang(root: string): Promise<void> {
  const launcher = join(root, erlang, 'bin/erl')
  const text = await readFile(launcher, 'utf8')
  await writeFile(launcher, text.replace(`ROOTDIR=/${erlang}`, `ROOTDIR="${join(root, erlang)}"`))
}

function rabbitProgram(root: string, { version, sbin }: { version: string; sbin: string }): Program {
  return {
    version,
    ports: ['client', 'secure', 'distribution', 'epmd'],
    url: port => `amqp://guest:guest@127.0.0.1:${port}`,
    secureUrl: (ports, { user, password }) => `amqps://${user}:${password}@127.0.0.1:${ports['secure']}`,

    async prepare(place) {
      for (const name of ['home', 'mnesia', 'gen']) await mkdir(join(place.folder, name), { recursive: true })
      await writeFile(join(place.folder, 'rabbitmq.conf'), configuration(place))
      await writeFile(join(place.folder, 'enabled_plugins'), '[].\n')
    },

    // Erlang's name server, which a node would start for itself and leave behind.
    companion: ({ ports }) => ({
      program: join(root, erlang, 'bin/epmd'),
      args: ['-address', '127.0.0.1', '-port', String(ports['epmd'])],
      port: ports['epmd']!, // among the ports above
    }),

    command: place => ({
      program: join(sbin, 'rabbitmq-server'),
      args: [],
      env: { ...environment(place, join(root, erlang, 'bin')), OPENSSL_MODULES: opensslModules(root) },
    }),

    control: (place, args) => ({
      program: join(sbin, 'rabbitmqctl'),
      args: ['--quiet', ...args],
      env: environment(place, join(root, erlang, 'bin')),
    }),

    async probe({ ports, secure }) {
      await dialogue(ports['client']!, openAndClose)
      // The one for TLS is opened after the other.
      if (secure) await dialogue(ports['secure']!, () => Promise.resolve())
    },
  }
}

function environment({ folder, ports }: Place, erlangPrograms: string): Record<string, string> {
  return {
    HOME: join(folder, 'home'),
    PATH: `${erlangPrograms}:${process.env['PATH'] ?? '/usr/bin:/bin'}`,
    RABBITMQ_NODENAME: `millrace-${ports['client']}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(ports['client']),
    RABBITMQ_DIST_PORT: String(ports['distribution']),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_EPMD_PORT: String(ports['epmd']),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    // Together: the script becomes the server instead of waiting for it as a child, so that one pid is both; and the server reads no input.
    RABBITMQ_ALLOW_INPUT: 'true',
    RABBITMQ_SERVER_START_ARGS: '-noinput',
    RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
    RABBITMQ_LOG_BASE: join(folder, 'logs'),
    RABBITMQ_PID_FILE: join(folder, 'pid'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(folder, 'advanced.config'),
    RABBITMQ_GENERATED_CONFIG_DIR: join(folder, 'gen'),
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
  }
}

function configuration({ ports, config, secure }: Place): string {
  return `listeners.tcp.default = 127.0.0.1:${ports['client']}
log.console = true
log.console.level = warning
log.file = false
vm_memory_high_watermark.absolute = 1GB
disk_free_limit.absolute = 50MB
${secure ? tls(ports['secure'], secure) : ''}
${config.join('\n')}
`
}

function tls(port: number | undefined, { files }: Secure): string {
  return `listeners.ssl.default = 127.0.0.1:${port}
ssl_options.cacertfile = ${files.certificate}
ssl_options.certfile = ${files.certificate}
ssl_options.keyfile = ${files.key}
ssl_options.verify = verify_none`
}

/** AMQP 0-9-1 §2.2.4: opens the default virtual host as guest, and closes. The server listens before it can do that. */
async function openAndClose(server: Dialogue): Promise<void> {
  server.say(Buffer.from([...Buffer.from('AMQP'), 0, 0, 9, 1]))
  await expectMethod(server, 10) // start
  const plain = '\0guest\0guest'
  server.say(method(11, Buffer.alloc(4), short('PLAIN'), long(plain), short('en_US')))
  const tune = await expectMethod(server, 30)
  server.say(method(31, tune.subarray(4, 10), Buffer.alloc(2))) // its own limits, no heartbeats
  server.say(method(40, short('/'), Buffer.alloc(2)))
  await expectMethod(server, 41) // open-ok
  server.say(method(50, Buffer.from([0, 200]), short(''), Buffer.alloc(4)))
  await expectMethod(server, 51) // close-ok
}

/** A frame with a method of class connection (10) on channel 0. */
function method(id: number, ...fields: Buffer[]): Buffer {
  const payload = Buffer.concat([Buffer.from([0, 10, 0, id]), ...fields])
  const head = Buffer.alloc(7)
  head.writeUInt8(1)
  head.writeUInt32BE(payload.length, 3)
  return Buffer.concat([head, payload, Buffer.from([0xce])])
}

async function expectMethod(server: Dialogue, id: number): Promise<Buffer> {
  const size = (await server.take(7)).readUInt32BE(3)
  const frame = await server.take(size + 1)
  if (frame.readUInt16BE(0) === 10 && frame.readUInt16BE(2) === id) return frame
  throw new HarnessError(
    'PROTOCOL',
    `instead of method 10.${id} it sends ${frame.toString('latin1').replace(/[^ -~]+/g, ' ')}`,
  )
}

function short(text: string): Buffer {
  return Buffer.from([text.length, ...Buffer.from(text)])
}

function long(text: string): Buffer {
  const size = Buffer.alloc(4)
  size.writeUInt32BE(text.length)
  return Buffer.concat([size, Buffer.from(text)])
}
