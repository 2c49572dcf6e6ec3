import { DealerPattern } from './dealer.ts'
import { PairPattern } from './pair.ts'
import type { Host, Pattern } from './pattern.ts'
import { PullPattern } from './pull.ts'
import { PushPattern } from './push.ts'
import { RepPattern } from './rep.ts'
import { ReqPattern } from './req.ts'
import { RouterPattern } from './router.ts'
import { ServerPattern } from './server.ts'
import { StreamPattern } from './stream.ts'

/** The pattern of a socket type. */
export function createPattern(type: Pattern['type'], host: Host): Pattern {
  switch (type) {
    case 'PAIR':
    case 'CHANNEL':
    case 'DGRAM':
      return new PairPattern(type, host)
    case 'REQ':
      return new ReqPattern(host)
    case 'REP':
      return new RepPattern(host)
    case 'DEALER':
    case 'CLIENT':
      return new DealerPattern(type, host)
    case 'ROUTER':
      return new RouterPattern(host)
    case 'PUSH':
    case 'SCATTER':
      return new PushPattern(type, host)
    case 'PULL':
    case 'GATHER':
      return new PullPattern(type, host)
    case 'SERVER':
    case 'PEER':
      return new ServerPattern(type, host)
    case 'STREAM':
      return new StreamPattern(host)
    default:
      throw new Error(`no pattern for ${type}`)
  }
}
