import { COMMAND, LONG, MORE } from '../wire/frame.ts'
import { bodyOf, endOfMessage, Extent, keepFirst } from './extent.ts'
import type { Filter } from './filter.ts'
import type { Frames } from './frames.ts'
import type { Packing } from './packing.ts'
import { BY_REFERENCE, isShort, packLongHeader, packPart, partSize, type Outgoing, type Part } from './part.ts'
import type { QueueEvents } from './queue-events.ts'
import { LARGE_SLAB, type Slab, type SlabPool } from './slab.ts'
import { SlabWriter } from './slab-writer.ts'

/**
 * The messages between a socket and one peer in one direction, first in, first out, as packed records.
 * Messages are written whole or not at all. The high-water mark counts whole messages; a reader's progress is credited to the
 * writer in steps of half the mark, as libzmq does; what a link takes is credited at once.
 */
export class Queue {
  /** Whole messages that are queued. */
  length = 0
  /** The high-water mark in messages; 0: none. It may change at any time. */
  mark: number
  /** True: the queue holds one message, the newest, and the mark does not matter. */
  conflate: boolean
  /** The first frame of the next message after a `peek` that was true: the octets `[from, to)` of `bytes`, and its flags. */
  bytes: Buffer = EMPTY
  from = 0
  to = 0
  flags = 0

  readonly #writer: SlabWriter
  readonly #events: QueueEvents
  #announced = false
  #head: Extent | undefined
  #tail: Extent | undefined
  /** Read by the reader and not yet credited to the writer. */
  #owed = 0
  #refused = false
  /** Octets that came since whoever takes was told to. */
  #fresh = 0
  #closed = false
  /** What came last, and what was taken last, ended in the middle of a message. */
  #midway = false
  #torn = false

  constructor(slabs: SlabPool, events: QueueEvents, options: { mark: number; conflate?: boolean }) {
    this.#writer = new SlabWriter(slabs)
    this.#events = events
    this.mark = options.mark
    this.conflate = options.conflate ?? false
  }

  /** True when there is nothing at all to take: no message and no command. */
  get empty(): boolean {
    return this.#head === undefined
  }

  /** True when a write would be accepted now. Lets the link take first when the mark is reached; a refusal is followed by `room()`. */
  room(): boolean {
    if (this.#closed) return false
    if (this.mark === 0 || this.conflate || this.length + this.#owed < this.mark) return true
    this.#events.full()
    if (this.length + this.#owed < this.mark) return true
    this.#refused = true
    return false
  }

  /** Queues the frames of `envelope`, then those of `message` from index `from` on, as one message. False: full, and nothing was queued. */
  write(message: Outgoing, envelope?: readonly Uint8Array[], from: number = 0): boolean {
    if (!this.room()) return false
    if (this.conflate) this.#supersede()
    this.#write(message, envelope, from)
    return true
  }

  /**
   * Queues messages from index `from` on, as far as they are one frame of octets each and there is room. Answers how many; `write` tells
   * why not the next.
   */
  writeMany(messages: readonly unknown[], from: number): number {
    const writer = this.#writer
    let at = from
    while (at < messages.length && !this.conflate && this.room()) {
      const room = this.mark === 0 ? messages.length : this.mark - this.length - this.#owed
      const first = messages[at]
      if (!isShort(first)) break
      const slab = writer.room(first.length + 9)
      const start = writer.at
      const packed = writer.packMany(messages, at, Math.min(messages.length, at + room))
      at += packed
      this.#extend(slab, start, writer.at)
      this.#tail!.messages += packed // #extend has made one
      this.#midway = false
      this.#fresh += writer.at - start
      this.#came(packed, (writer.at - start) / packed)
    }
    return at - from
  }

  /** Queues a message whatever the mark is, also after `seal`. */
  inject(message: Outgoing): void {
    this.#write(message, undefined, 0)
  }

  /** Queues a command, whatever the mark is. */
  command(body: Uint8Array): void {
    if (this.#closed) return
    this.#pack(body, COMMAND)
    this.announce()
  }

  /**
   * Queues records that lie in a slab already; adjacent runs become one. Takes a use of the slab where it makes an extent.
   * The mark is the caller's affair: ask `room()` first where it matters.
   */
  append(slab: Slab, start: number, end: number, messages: number, body?: Uint8Array): void {
    if (this.#closed) return
    const command = messages === 0 && (slab.bytes[start]! & COMMAND) !== 0
    if (this.conflate && !this.#midway && !command) this.#supersede()
    const tail = this.#tail
    if (tail !== undefined && tail.slab === slab && tail.end === start && tail.body === undefined) {
      tail.end = end
      tail.messages += messages
      tail.body = body
    } else {
      slab.uses++
      const extent = new Extent(slab, start, end, messages)
      extent.body = body
      this.#push(extent)
    }
    this.#midway = this.#tail!.continues = messages === 0 && !command // there is one now
    this.length += messages
    if (messages === 0) return
    this.announce()
    this.#fresh += end - start + (body === undefined ? 0 : body.length)
    if (this.#fresh >= LARGE_SLAB) this.#offer()
  }

  /** Says that there is something to read, where it was not said. `append` does it for messages, not for commands. */
  announce(): void {
    if (this.#announced || this.#head === undefined) return
    this.#announced = true
    this.#events.filled()
  }

  /** The oldest extent of at most `LARGE_SLAB` octets, now the caller's to `release`. Its messages no longer count. */
  take(): Extent | undefined {
    const extent = this.#head
    if (extent === undefined) return undefined
    this.#head = extent.next
    this.#torn = extent.continues
    extent.next = undefined
    if (this.#head === undefined) this.#emptied()
    this.length -= extent.messages
    this.#credit(extent.messages, true)
    return extent
  }

  /** Looks at the first frame of the next message or command. False: there is none. */
  peek(): boolean {
    if (this.#head === undefined) return false
    this.#look(this.#head)
    return true
  }

  /**
   * Takes the next message as frames that the caller owns, after `lead` where it is given; undefined: there is none. A command's
   * body counts as a frame; `flags` tells that it was one.
   */
  read(frames: Frames, lead?: Buffer): Buffer[] | undefined {
    let extent = this.#head
    if (extent === undefined) return undefined
    // One short frame, as most messages are: worth a way of its own.
    if (lead === undefined && extent.slab.bytes[extent.start] === 0) {
      const { slab, start } = extent
      const end = start + 2 + slab.bytes[start + 1]!
      const frame = frames.copy(slab, start + 2, end)
      extent.start = end
      this.#readOne(extent)
      if (end === extent.end) this.#drop(extent)
      this.flags = 0
      return [frame]
    }
    let into: Buffer[] | undefined
    for (;;) {
      const { slab, start: at } = extent
      const { bytes } = slab
      const flags = bytes[at]!
      let size = bytes[at + 1]!
      let body = at + 2
      if ((flags & LONG) !== 0) {
        size = bytes.readUInt32BE(at + 1) * 0x1_0000_0000 + bytes.readUInt32BE(at + 5)
        body = at + 9
      }
      let frame: Buffer
      if (body === extent.end && extent.body !== undefined) {
        frame = bodyOf(extent.body)
        extent.body = undefined
        extent.start = body
      } else {
        frame = frames.copy(slab, body, body + size)
        extent.start = body + size
      }
      // An array that is made with what it holds takes no more memory than that.
      if (into === undefined) into = lead === undefined ? [frame] : [lead, frame]
      else into.push(frame)
      if ((flags & MORE) === 0) {
        if ((flags & COMMAND) === 0) this.#readOne(extent)
        if (extent.start === extent.end) this.#drop(extent)
        this.flags = flags & ~LONG
        return into
      }
      extent = this.#drop(extent)!
    }
  }

  /**
   * Takes messages as `read` does and adds each to `into`, until that has `max` of them or nothing is left. What `filter` does not
   * want, and commands, are dropped. Writers are credited for what lay in one extent together.
   */
  readMany(frames: Frames, into: Buffer[][], max: number, filter?: Filter): void {
    while (into.length < max) {
      const extent = this.#head
      if (extent === undefined) return
      const { slab, end } = extent
      const { bytes } = slab
      let at = extent.start
      let taken = 0
      let count = into.length
      const most = Math.min(max, count + extent.messages)
      // An array that grows by itself is copied again and again; for a few messages it does not matter.
      if (most - count > 16) into.length = most
      while (at < end && count < most) {
        const flags = bytes[at]!
        let size = bytes[at + 1]!
        let body = at + 2
        if (flags === LONG) {
          size = bytes.readUInt32BE(at + 1) * 0x1_0000_0000 + bytes.readUInt32BE(at + 5)
          body = at + 9
          if (body === end && extent.body !== undefined) break
        } else if (flags !== 0) {
          break
        }
        at = body + size
        taken++
        if (filter === undefined || filter.wants(bytes, body, at)) into[count++] = [frames.copy(slab, body, at)]
      }
      if (into.length > count) into.length = count
      if (taken === 0) {
        const other = this.#readOther(frames, filter)
        if (other !== undefined) into.push(other)
        continue
      }
      extent.start = at
      extent.messages -= taken
      this.length -= taken
      if (at === end) this.#drop(extent)
      this.#credit(taken, false)
    }
  }

  /** The next messages, packed, until `into` has `max` or enough octets; what `filter` does not want, and commands, are dropped. */
  readPacked(into: Packing, max: number, filter?: Filter): void {
    for (let extent = this.#head; extent !== undefined && into.wants(max); extent = this.#drop(extent)) {
      const taken = into.take(extent, max, filter)
      extent.messages -= taken
      this.length -= taken
      this.#credit(taken, false)
    }
  }

  /** As `read`, the next message that `filter` wants; those before it, and commands, are dropped. */
  readWanted(frames: Frames, filter: Filter): Buffer[] | undefined {
    for (;;) {
      const extent = this.#head
      if (extent === undefined) return undefined
      const { slab, start } = extent
      const { bytes } = slab
      const flags = bytes[start]!
      let size = bytes[start + 1]!
      let body = start + 2
      if (flags === LONG) {
        size = bytes.readUInt32BE(start + 1) * 0x1_0000_0000 + bytes.readUInt32BE(start + 5)
        body = start + 9
      }
      // A command, a message of several frames, or a body that is held by reference.
      if ((flags & ~LONG) !== 0 || (body === extent.end && extent.body !== undefined)) {
        const other = this.#readOther(frames, filter)
        if (other !== undefined) return other
        continue
      }
      const end = body + size
      const frame = filter.wants(bytes, body, end) ? frames.copy(slab, body, end) : undefined
      extent.start = end
      this.#readOne(extent)
      if (end === extent.end) this.#drop(extent)
      if (frame !== undefined) return [frame]
    }
  }

  /** One message that is not a single frame in a slab, or a command; undefined: it was dropped. */
  #readOther(frames: Frames, filter: Filter | undefined): Buffer[] | undefined {
    this.peek()
    if ((this.flags & COMMAND) === 0 && (filter === undefined || filter.wants(this.bytes, this.from, this.to)))
      return this.read(frames)
    this.skip()
    return undefined
  }

  /** Drops the next message or command. */
  skip(): void {
    for (let extent = this.#head; extent !== undefined; extent = this.#drop(extent)) {
      this.#look(extent)
      const flags = this.flags
      extent.start = this.bytes === extent.slab.bytes ? this.to : extent.end
      if (extent.start === extent.end) extent.body = undefined
      if ((flags & MORE) !== 0) continue
      if ((flags & COMMAND) === 0) this.#readOne(extent)
      this.#drop(extent)
      return
    }
  }

  /** Drops everything that is queued and answers how many messages that were. */
  clear(): number {
    const dropped = this.length
    for (let extent = this.#head; extent !== undefined; extent = extent.next) extent.release()
    this.#head = undefined
    this.#torn = false
    this.#emptied()
    this.length = 0
    this.#credit(dropped, true)
    return dropped
  }

  /** After a connection ended: what is left of a message that was taken in part goes with it. */
  dropTorn(): void {
    for (let head = this.#head; this.#torn && head !== undefined; head = this.#head) {
      const end = endOfMessage(head)
      // The rest of a message ends within its extent, or with it: then that is taken as a whole.
      if (end === head.end) this.take()?.release()
      else {
        this.#torn = false
        head.start = end
        head.messages--
        this.length--
        this.#credit(1, true)
      }
    }
  }

  /** Takes no more; what is queued can still be read. */
  seal(): void {
    this.#closed = true
    this.#refused = false
  }

  /** Drops everything and takes no more. Answers how many messages were dropped. */
  close(): number {
    this.seal()
    return this.clear()
  }

  /** Drops what the next message takes the place of: all but the rest of one that was taken in part, which has to follow. */
  #supersede(): void {
    if (this.#head === undefined) return
    if (!this.#torn) return void this.clear()
    this.#tail = keepFirst(this.#head)
    this.length = 1
  }

  #write(message: Outgoing, envelope: readonly Uint8Array[] | undefined, from: number): void {
    const before = this.#fresh
    if (typeof message === 'string' || message instanceof Uint8Array) {
      if (envelope !== undefined) for (let i = 0; i < envelope.length; i++) this.#pack(envelope[i]!, MORE)
      this.#pack(message, 0)
    } else {
      const last = message.length - 1
      if (envelope !== undefined) {
        const more = from <= last
        for (let i = 0; i < envelope.length; i++) this.#pack(envelope[i]!, more || i + 1 < envelope.length ? MORE : 0)
      }
      for (let i = from; i <= last; i++) this.#pack(message[i]!, i < last ? MORE : 0)
    }
    this.#tail!.messages++ // #pack has made one
    this.#came(1, this.#fresh - before)
  }

  /** So many messages came, the last of about so many octets. Another like it may begin a slab: that is for the next write. */
  #came(messages: number, octets: number): void {
    this.length += messages
    this.announce()
    const packed = octets < BY_REFERENCE ? octets : 1
    if (this.#fresh + packed > LARGE_SLAB) this.#offer()
  }

  #pack(part: Part, flags: number): void {
    const size = partSize(part)
    if (size >= BY_REFERENCE) return this.#refer(part, size, flags)
    const writer = this.#writer
    const slab = writer.room(size + 9)
    const start = writer.at
    const end = packPart(slab.bytes, start, part, size, flags)
    writer.at = end
    this.#fresh += end - start
    this.#extend(slab, start, end)
    this.#midway = (flags & MORE) !== 0
  }

  #refer(part: Part, size: number, flags: number): void {
    const writer = this.#writer
    const slab = writer.room(9)
    const start = writer.at
    writer.at = packLongHeader(slab.bytes, start, flags, size)
    this.#fresh += size
    this.#extend(slab, start, writer.at)
    this.#tail!.body = typeof part === 'string' ? Buffer.from(part) : part // #extend has made one
    this.#midway = (flags & MORE) !== 0
  }

  #extend(slab: Slab, start: number, end: number): void {
    const tail = this.#tail
    if (tail !== undefined && tail.slab === slab && tail.end === start && tail.body === undefined) {
      tail.end = end
    } else {
      slab.uses++
      if (tail !== undefined) tail.continues = this.#midway
      this.#push(new Extent(slab, start, end, 0))
    }
  }

  /** Adds an extent as it is, without counting its messages. */
  #push(extent: Extent): void {
    if (this.#tail === undefined) this.#head = extent
    else this.#tail.next = extent
    this.#tail = extent
  }

  /** There is enough for a whole write: whoever takes may begin. */
  #offer(): void {
    this.#fresh = 0
    this.#events.full()
  }

  #look(extent: Extent): void {
    const bytes = extent.slab.bytes
    const at = extent.start
    const flags = bytes[at]!
    this.flags = flags & ~LONG
    this.bytes = bytes
    if ((flags & LONG) === 0) {
      this.from = at + 2
      this.to = at + 2 + bytes[at + 1]!
      return
    }
    this.from = at + 9
    if (this.from === extent.end && extent.body !== undefined) {
      this.bytes = bodyOf(extent.body)
      this.from = 0
      this.to = extent.body.length
    } else {
      this.to = this.from + bytes.readUInt32BE(at + 1) * 0x1_0000_0000 + bytes.readUInt32BE(at + 5)
    }
  }

  #emptied(): void {
    this.#tail = undefined
    this.#announced = false
    this.#writer.rest()
  }

  #readOne(extent: Extent): void {
    extent.messages--
    this.length--
    // As `#credit` does, for one: a mark of 0 owes nothing.
    if (++this.#owed >= (this.mark + 1) >> 1) this.#owed = 0
    if (this.#refused) this.#credit(0, false)
  }

  /** Unlinks the first extent when all of it has been read, and answers the first one then. */
  #drop(extent: Extent): Extent | undefined {
    if (extent.start < extent.end) return extent
    const next = extent.next
    this.#head = next
    if (next === undefined) this.#emptied()
    extent.release()
    return next
  }

  #credit(messages: number, atOnce: boolean): void {
    if (this.mark === 0 || atOnce) this.#owed = 0
    else if ((this.#owed += messages) >= (this.mark + 1) >> 1) this.#owed = 0
    if (this.#refused && this.length + this.#owed < Math.max(this.mark, 1)) {
      this.#refused = false
      this.#events.room()
    }
  }
}

const EMPTY = Buffer.alloc(0)
