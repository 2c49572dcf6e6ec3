import { DealerPattern } from './dealer.ts'
import { DishPattern } from './dish.ts'
import { PairPattern } from './pair.ts'
import type { Host, Pattern } from './pattern.ts'
import { PubPattern } from './pub.ts'
import { PullPattern } from './pull.ts'
import { PushPattern } from './push.ts'
import { RadioPattern } from './radio.ts'
import { RepPattern } from './rep.ts'
import { ReqPattern } from './req.ts'
import { RouterPattern } from './router.ts'
import { ServerPattern } from './server.ts'
import { StreamPattern } from './stream.ts'
import { SubPattern } from './sub.ts'
import { XpubPattern } from './xpub.ts'
import { XsubPattern } from './xsub.ts'

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
    case 'PUB':
      return new PubPattern(host)
    case 'XPUB':
      return new XpubPattern(host)
    case 'SUB':
      return new SubPattern(host)
    case 'XSUB':
      return new XsubPattern(host)
    case 'RADIO':
      return new RadioPattern(host)
    case 'DISH':
      return new DishPattern(host)
  }
}
