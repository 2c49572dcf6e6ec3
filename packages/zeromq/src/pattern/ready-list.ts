/**
 * Members of which the first `active` are ready, in the order that libzmq's arrays have: whoever becomes ready joins the
 * end of the ready part, whoever ceases to be swaps with its last. Every step costs the same, however many there are.
 */
export class ReadyList<T> {
  readonly #members: T[] = []
  readonly #places = new Map<T, number>()
  #active = 0

  /** How many are ready: those at the places 0 to `active - 1`. */
  get active(): number {
    return this.#active
  }

  get size(): number {
    return this.#members.length
  }

  has(member: T): boolean {
    return this.#places.has(member)
  }

  /** The ready member at a place; the caller keeps `place` below `active`. */
  at(place: number): T {
    return this.#members[place]! // below active, so there is one
  }

  /** A new member, not ready. */
  add(member: T): void {
    if (this.#places.has(member)) return
    this.#places.set(member, this.#members.length)
    this.#members.push(member)
  }

  /** Whether it was not ready before, and is a member. */
  activate(member: T): boolean {
    const place = this.#places.get(member)
    if (place === undefined || place < this.#active) return false
    this.#swap(place, this.#active)
    this.#active++
    return true
  }

  /** Takes the ready member at `place` out of the ready part; the last ready one takes its place. */
  deactivate(place: number): void {
    this.#active--
    this.#swap(place, this.#active)
  }

  /** Where a member stands; undefined for a stranger. */
  place(member: T): number | undefined {
    return this.#places.get(member)
  }

  remove(member: T): void {
    const place = this.#places.get(member)
    if (place === undefined) return
    if (place < this.#active) this.deactivate(place)
    const last = this.#members.length - 1
    this.#swap(this.#places.get(member)!, last) // it is a member: see above
    this.#members.pop()
    this.#places.delete(member)
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.#members[Symbol.iterator]()
  }

  #swap(a: number, b: number): void {
    if (a === b) return
    const one = this.#members[a]!
    const other = this.#members[b]!
    this.#members[a] = other
    this.#members[b] = one
    this.#places.set(other, a)
    this.#places.set(one, b)
  }
}
