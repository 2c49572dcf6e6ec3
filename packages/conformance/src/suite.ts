import type { Case } from './case.ts'
import { publishSubscribe } from './cases/watermill/publish-subscribe.ts'
import { concurrentSubscribe } from './cases/watermill/concurrent-subscribe.ts'
import { concurrentTopics } from './cases/watermill/concurrent-topics.ts'
import { resendOnError } from './cases/watermill/resend-on-error.ts'
import { noAck } from './cases/watermill/no-ack.ts'
import { continueAfterSubscribeClose } from './cases/watermill/continue-after-subscribe-close.ts'
import { concurrentClose } from './cases/watermill/concurrent-close.ts'
import { continueAfterErrors } from './cases/watermill/continue-after-errors.ts'
import { inOrder } from './cases/watermill/in-order.ts'
import { publisherClose } from './cases/watermill/publisher-close.ts'
import { topics } from './cases/watermill/topic.ts'
import { messageCtx } from './cases/watermill/message-ctx.ts'
import { subscribeCtx } from './cases/watermill/subscribe-ctx.ts'
import { oldMessages } from './cases/watermill/old-messages.ts'
import { reconnect } from './cases/watermill/reconnect.ts'
import { consumerGroups } from './cases/watermill/consumer-groups.ts'
import { ackedStaysAway } from './cases/settling/acked-stays-away.ts'
import { acksNothingBeyond } from './cases/settling/acks-nothing-beyond.ts'
import { backsOff } from './cases/settling/backoff.ts'
import { deliveredOnce } from './cases/settling/delivered-once.ts'
import { flushed } from './cases/settling/flush.ts'
import { nackComesAgain } from './cases/settling/nack-comes-again.ts'
import { nackDelayed } from './cases/settling/nack-delay.ts'
import { nackDelayTooLong } from './cases/settling/nack-delay-too-long.ts'
import { otherAgain } from './cases/settling/other-again.ts'
import { released } from './cases/settling/release.ts'
import { releasedToOthers } from './cases/settling/release-to-others.ts'
import { sameAgain } from './cases/settling/same-again.ts'
import { signalCodes } from './cases/settling/signal-codes.ts'
import { unsettledComesAgain } from './cases/settling/unsettled-comes-again.ts'
import { deadBeforeAck } from './cases/dead-letters/before-ack.ts'
import { discarded } from './cases/dead-letters/discarded.ts'
import { innocents } from './cases/dead-letters/innocents.ts'
import { maxDeliveriesReached } from './cases/dead-letters/max-deliveries.ts'
import { namedDeadLetters } from './cases/dead-letters/named.ts'
import { noDeadLetter } from './cases/dead-letters/none.ts'
import { provenanceKept } from './cases/dead-letters/provenance.ts'
import { provenanceTrimmed } from './cases/dead-letters/provenance-trimmed.ts'
import { rejected } from './cases/dead-letters/rejected.ts'
import { deadForOneGroup } from './cases/dead-letters/second-group.ts'
import { deadUnderPattern } from './cases/dead-letters/under-pattern.ts'
import { attemptsDurable } from './cases/attempts/durable.ts'
import { attemptsMonotone } from './cases/attempts/monotone.ts'
import { publishAborted } from './cases/publishing/aborted.ts'
import { declared } from './cases/publishing/declared.ts'
import { deduplicated } from './cases/publishing/deduplicated.ts'
import { emptyBatch } from './cases/publishing/empty-batch.ts'
import { largeBatch } from './cases/publishing/large-batch.ts'
import { partialFailure } from './cases/publishing/partial-failure.ts'
import { publishOptionsChecked } from './cases/publishing/publish-options.ts'
import { refusedWhole } from './cases/publishing/refused-whole.ts'
import { sameMessageTwice } from './cases/publishing/same-message-twice.ts'
import { deliveryFacts } from './cases/messages/delivery-facts.ts'
import { idsPreserved } from './cases/messages/ids.ts'
import { keysPreserved } from './cases/messages/keys.ts'
import { metadataPreserved } from './cases/messages/metadata.ts'
import { metadataChecked } from './cases/messages/metadata-invalid.ts'
import { oneMebibyte } from './cases/messages/one-mebibyte.ts'
import { payloadsPreserved } from './cases/messages/payloads.ts'
import { receivedIsPublishable } from './cases/messages/plain-and-reusable.ts'
import { tombstones } from './cases/messages/tombstones.ts'
import { tooLarge } from './cases/messages/too-large.ts'
import { illegalGroups } from './cases/names/illegal-groups.ts'
import { illegalTopics } from './cases/names/illegal-topics.ts'
import { legalNames } from './cases/names/legal-names.ts'
import { manyTopics } from './cases/names/many-topics.ts'
import { patternManyLevels } from './cases/names/pattern-many-levels.ts'
import { patternOneLevel } from './cases/names/pattern-one-level.ts'
import { batchAtOnce } from './cases/reading/batch-at-once.ts'
import { batchSize } from './cases/reading/batch-size.ts'
import { batchWithin } from './cases/reading/batch-within.ts'
import { breakGoesOn } from './cases/reading/break-goes-on.ts'
import { manyWaits } from './cases/reading/many-waits.ts'
import { prefetchBounds } from './cases/reading/prefetch.ts'
import { subscribeOptionsChecked } from './cases/reading/subscribe-options.ts'
import { triesToReceive } from './cases/reading/try-receive.ts'
import { broadcasts } from './cases/sharing/broadcast.ts'
import { competing } from './cases/sharing/competing.ts'
import { groupBesideEveryone } from './cases/sharing/group-beside-everyone.ts'
import { keysHaveOwners } from './cases/sharing/key-affinity.ts'
import { keyOrder } from './cases/sharing/key-order.ts'
import { takesOver } from './cases/sharing/takes-over.ts'
import { afterPosition } from './cases/replay/after-position.ts'
import { fromEarliest } from './cases/replay/earliest.ts'
import { fromTime } from './cases/replay/from-time.ts'
import { groupsPlaceWins } from './cases/replay/group-place.ts'
import { fromLatest } from './cases/replay/latest.ts'
import { newGroupReadsPast } from './cases/replay/new-group.ts'
import { delayTooLong } from './cases/time/delay-too-long.ts'
import { expiredStaysAway } from './cases/time/expired.ts'
import { expiredInBuffer } from './cases/time/expired-in-buffer.ts'
import { pastDelay } from './cases/time/past-delay.ts'
import { priorities } from './cases/time/priority.ts'
import { publishDelayed } from './cases/time/publish-delay.ts'
import { batchesAborted } from './cases/waiting/batches-aborted.ts'
import { declareAndFlushAborted } from './cases/waiting/declare-flush-aborted.ts'
import { opened } from './cases/waiting/opened.ts'
import { receiveAborted } from './cases/waiting/receive-aborted.ts'
import { receiveRace } from './cases/waiting/receive-race.ts'
import { subscribeAborted } from './cases/waiting/subscribe-aborted.ts'
import { subscriptionLifetime } from './cases/waiting/subscription-lifetime.ts'
import { closeDeadline } from './cases/closing/deadline.ts'
import { drains } from './cases/closing/drains.ts'
import { closesFromInside } from './cases/closing/from-inside.ts'
import { iterationEnds } from './cases/closing/iteration-ends.ts'
import { othersGoOn } from './cases/closing/others-go-on.ts'
import { settledTooLate } from './cases/closing/settled-too-late.ts'
import { closesTwice } from './cases/closing/twice.ts'
import { closesUnAcked } from './cases/closing/un-acked.ts'
import { closesUnread } from './cases/closing/unread.ts'
import { usedAfterClose } from './cases/closing/used-after.ts'
import { leaseExpires } from './cases/leases/expires.ts'
import { leaseExtended } from './cases/leases/extends.ts'
import { leaseKept } from './cases/leases/kept.ts'
import { ackOnCutLink } from './cases/connection/ack-on-cut-link.ts'
import { foreignCorrupt } from './cases/connection/foreign-corrupt.ts'
import { foreignPlain } from './cases/connection/foreign-plain.ts'
import { gapTold } from './cases/connection/gap.ts'
import { comesBack } from './cases/connection/up-and-down.ts'
import { capabilitiesStated } from './cases/capabilities/stated.ts'
import { transactional } from './cases/capabilities/transaction.ts'
import { unsupported } from './cases/capabilities/unsupported.ts'
import { healthTold } from './cases/operation/health.ts'
import { lagCounted } from './cases/operation/lag.ts'
import { noListenersLeft } from './cases/operation/no-listeners-left.ts'
import { nothingLeftRunning } from './cases/operation/nothing-left-running.ts'
import { unAwaitedIsSafe } from './cases/operation/un-awaited.ts'

/** Every promise, in the order in which it is examined: Watermill's sixteen by their names, then ours. */
export const suite: readonly Case[] = [
  // watermill
  publishSubscribe,
  concurrentSubscribe,
  concurrentTopics,
  resendOnError,
  noAck,
  continueAfterSubscribeClose,
  concurrentClose,
  continueAfterErrors,
  inOrder,
  publisherClose,
  topics,
  messageCtx,
  subscribeCtx,
  oldMessages,
  reconnect,
  consumerGroups,
  // settling
  ackedStaysAway,
  acksNothingBeyond,
  backsOff,
  deliveredOnce,
  flushed,
  nackComesAgain,
  nackDelayed,
  nackDelayTooLong,
  otherAgain,
  released,
  releasedToOthers,
  sameAgain,
  signalCodes,
  unsettledComesAgain,
  // dead-letters
  deadBeforeAck,
  discarded,
  innocents,
  maxDeliveriesReached,
  namedDeadLetters,
  noDeadLetter,
  provenanceKept,
  provenanceTrimmed,
  rejected,
  deadForOneGroup,
  deadUnderPattern,
  // attempts
  attemptsDurable,
  attemptsMonotone,
  // publishing
  publishAborted,
  declared,
  deduplicated,
  emptyBatch,
  largeBatch,
  partialFailure,
  publishOptionsChecked,
  refusedWhole,
  sameMessageTwice,
  // messages
  deliveryFacts,
  idsPreserved,
  keysPreserved,
  metadataPreserved,
  metadataChecked,
  oneMebibyte,
  payloadsPreserved,
  receivedIsPublishable,
  tombstones,
  tooLarge,
  // names
  illegalGroups,
  illegalTopics,
  legalNames,
  manyTopics,
  patternManyLevels,
  patternOneLevel,
  // reading
  batchAtOnce,
  batchSize,
  batchWithin,
  breakGoesOn,
  manyWaits,
  prefetchBounds,
  subscribeOptionsChecked,
  triesToReceive,
  // sharing
  broadcasts,
  competing,
  groupBesideEveryone,
  keysHaveOwners,
  keyOrder,
  takesOver,
  // replay
  afterPosition,
  fromEarliest,
  fromTime,
  groupsPlaceWins,
  fromLatest,
  newGroupReadsPast,
  // time
  delayTooLong,
  expiredStaysAway,
  expiredInBuffer,
  pastDelay,
  priorities,
  publishDelayed,
  // waiting
  batchesAborted,
  declareAndFlushAborted,
  opened,
  receiveAborted,
  receiveRace,
  subscribeAborted,
  subscriptionLifetime,
  // closing
  closeDeadline,
  drains,
  closesFromInside,
  iterationEnds,
  othersGoOn,
  settledTooLate,
  closesTwice,
  closesUnAcked,
  closesUnread,
  usedAfterClose,
  // leases
  leaseExpires,
  leaseExtended,
  leaseKept,
  // connection
  ackOnCutLink,
  foreignCorrupt,
  foreignPlain,
  gapTold,
  comesBack,
  // capabilities
  capabilitiesStated,
  transactional,
  ...unsupported,
  // operation
  healthTold,
  lagCounted,
  noListenersLeft,
  nothingLeftRunning,
  unAwaitedIsSafe,
]
