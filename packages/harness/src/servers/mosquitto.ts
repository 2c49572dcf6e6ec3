import { pbkdf2Sync, randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { debianPrefix } from '../debian.ts'
import { dialogue } from '../dialogue.ts'
import { HarnessError } from '../error.ts'
import type { Place, Program, Recipe } from '../recipe.ts'
import { runCommand } from '../run-command.ts'
import type { Secure } from '../secure.ts'

const binary = 'usr/sbin/mosquitto'

/**
 * Mosquitto, from Debian's packages. It keeps its store in memory and saves it every half hour and when it ends: SIGTERM loses nothing, SIGKILL
 * loses what came since, unless `autosave_interval 1` and `autosave_on_changes true` are in the configuration.
 */
export const mosquitto: Recipe = {
  versions: ['2.0.21'],

  async fetch(version, say) {
    const root = await debianPrefix(
      { name: `mosquitto/${version}`, suite: 'trixie', packages: ['mosquitto'], programs: [binary] },
      say,
    )
    const program = join(root, binary)
    // The release may since have got a newer one. It tells its version only in its help, and its help only with an exit code that means failure.
    const help = await runCommand(program, ['-h'], { accept: [0, 3] })
    return mosquittoProgram(program, /version (\S+)/.exec(help)?.[1] ?? version)
  },
}

function mosquittoProgram(program: string, version: string): Program {
  const config = ({ folder }: Place) => join(folder, 'mosquitto.conf')
  return {
    version,
    ports: ['client', 'websocket', 'secure', 'secureWebsocket'],
    url: port => `mqtt://127.0.0.1:${port}`,
    secureUrl: (ports, { user, password }) => `mqtts://${user}:${password}@127.0.0.1:${ports['secure']}`,

    async prepare(place) {
      await mkdir(join(place.folder, 'data'), { recursive: true })
      if (place.secure) await writeFile(passwords(place), passwordLine(place.secure), { mode: 0o600 })
      await writeFile(config(place), configuration(place))
    },

    command: place => ({ program, args: ['-c', config(place)] }),

    async probe({ ports }) {
      const answer = await dialogue(ports['client']!, async server => {
        server.say(connect)
        return await server.take(4)
      })
      if (answer.readUInt16BE(0) !== 0x2002 || answer[3] !== 0) {
        throw new HarnessError('PROTOCOL', `it answers CONNECT with ${answer.toString('hex')}`)
      }
    },
  }
}

// MQTT 3.1.1 §3.1: CONNECT, protocol name and level, clean session, no keep-alive, empty client id
const connect = Buffer.from([0x10, 12, 0, 4, ...Buffer.from('MQTT'), 4, 2, 0, 0, 0, 0])

/**
 * Started by root it would change to a user that this machine need not have. Its own limit of 1,000 queued messages drops what is beyond.
 * With settings for each listener it keeps nothing for sessions that are not connected (a client without a listener may read nothing):
 * only an instance with a guarded listener has them.
 */
function configuration(place: Place): string {
  const { folder, ports, config } = place
  return `user ${userInfo().username}
per_listener_settings ${place.secure ? 'true' : 'false'}
persistence true
persistence_location ${folder}/data/
set_tcp_nodelay true
max_queued_messages 0
log_dest stdout
listener ${ports['client']} 127.0.0.1
allow_anonymous true
listener ${ports['websocket']} 127.0.0.1
protocol websockets
allow_anonymous true
${secureListener(place)}
${config.join('\n')}
`
}

function secureListener(place: Place): string {
  if (!place.secure) return ''
  const { certificate, key } = place.secure.files
  const guarded = `certfile ${certificate}
keyfile ${key}
allow_anonymous false
password_file ${passwords(place)}`
  return `listener ${place.ports['secure']} 127.0.0.1
${guarded}
listener ${place.ports['secureWebsocket']} 127.0.0.1
protocol websockets
${guarded}`
}

function passwords({ folder }: Place): string {
  return join(folder, 'passwords')
}

/** As mosquitto_passwd writes it: PBKDF2 with SHA-512. */
function passwordLine({ user, password }: Secure): string {
  const rounds = 101
  const salt = randomBytes(12)
  const hash = pbkdf2Sync(password, salt, rounds, 64, 'sha512')
  return `${user}:$7$${rounds}$${salt.toString('base64')}$${hash.toString('base64')}\n`
}
