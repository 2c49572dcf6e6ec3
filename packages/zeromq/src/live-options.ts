import type { OptionValues } from './options.ts'
import type { PatternOptions } from './pattern/pattern.ts'

/**
 * The options that patterns read for every message, as fields: the object of all values has so many properties that reading
 * one of them is a search.
 */
export class LiveOptions implements PatternOptions {
  routingId: Uint8Array = NOTHING
  mandatory = false
  handover = false
  routerNotify = 0
  probeRouter = false
  correlate = false
  relaxed = false
  verbose: 'subscribe' | 'all' | null = null
  noDrop = false
  manual: boolean | 'last-value' = false
  welcomeMessage: Uint8Array = NOTHING
  invertMatching = false
  onlyFirstSubscribe = false
  verboseUnsubscribe = false
  streamNotify = true
  helloMessage: Uint8Array = NOTHING
  disconnectMessage: Uint8Array = NOTHING
  hiccupMessage: Uint8Array = NOTHING
  maxSubscriptions = 0
  maxSubscriptionBytes = 0

  constructor(values: OptionValues) {
    this.take(values)
  }

  /** Takes over the values in force; to be called whenever one has changed. */
  take(values: OptionValues): void {
    this.routingId = values.routingId ?? NOTHING
    this.mandatory = values.mandatory
    this.handover = values.handover
    this.routerNotify = values.routerNotify
    this.probeRouter = values.probeRouter
    this.correlate = values.correlate
    this.relaxed = values.relaxed
    this.verbose = values.xpubVerboser ? 'all' : values.xpubVerbose ? 'subscribe' : null
    this.noDrop = values.noDrop
    this.manual = values.manualLastValue ? 'last-value' : values.manual
    this.welcomeMessage = values.welcomeMessage ?? NOTHING
    this.invertMatching = values.invertMatching
    this.onlyFirstSubscribe = values.onlyFirstSubscribe
    this.verboseUnsubscribe = values.verboseUnsubscribe
    this.streamNotify = values.streamNotify
    this.helloMessage = values.helloMessage ?? NOTHING
    this.disconnectMessage = values.disconnectMessage ?? NOTHING
    this.hiccupMessage = values.hiccupMessage ?? NOTHING
    this.maxSubscriptions = values.maxSubscriptions
    this.maxSubscriptionBytes = values.maxSubscriptionBytes
  }
}

const NOTHING = new Uint8Array(0)
