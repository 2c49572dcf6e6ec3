import { mkdir, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { debianPrefix } from '../debian.ts'
import { dialogue } from '../dialogue.ts'
import { HarnessError } from '../error.ts'
import type { Place, Program, Recipe } from '../recipe.ts'
import { runCommand } from '../run-command.ts'

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
    ports: ['client', 'websocket'],
    url: port => `mqtt://127.0.0.1:${port}`,

    async prepare(place) {
      await mkdir(join(place.folder, 'data'), { recursive: true })
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

/** Started by root it would change to a user that this machine need not have. Its own limit of 1,000 queued messages drops what is beyond. */
function configuration({ folder, ports, config }: Place): string {
  return `user ${userInfo().username}
listener ${ports['client']} 127.0.0.1
listener ${ports['websocket']} 127.0.0.1
protocol websockets
allow_anonymous true
persistence true
persistence_location ${folder}/data/
set_tcp_nodelay true
max_queued_messages 0
log_dest stdout
${config.join('\n')}
`
}
