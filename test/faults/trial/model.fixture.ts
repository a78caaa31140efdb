// Where tags may point, by what callers were told and by what the store has.
import assert from 'node:assert/strict'
import type { Digest } from '../../../src/client/index.ts'
import { isVersionTag, type TagName } from '../../../src/core/names.ts'

export type Place = Digest | 'none'

export interface Model {
  /** Where a tag may be found now: where it was seen last, and where a move may yet bring it of which nothing is known. */
  places(tag: string): ReadonlySet<Place>
  /** Whether a move of it may still be under way, its caller having given up. */
  isUnclear(tag: string): boolean
  /** All places where it may have been so far. */
  past(tag: string): ReadonlySet<Place>
  /** Where a version was first seen. */
  written(tag: string): Place
  /** A caller does not know whether this was done. */
  unclear(tag: string, wanted: Iterable<Place>): void
  /** A caller was told where a tag is. After a move, those before it can come no more: they were conditional. */
  told(tag: string, place: Place, moved: boolean): void
  /** What the store says. @throws when that is not among the places */
  saw(tags: ReadonlyMap<string, Digest>, when: string): void
}

export function createModel(names: readonly string[]): Model {
  const seen = new Map<string, Place>()
  const pending = new Map(names.map((name) => [name, new Set<Place>()]))
  const past = new Map(names.map((name) => [name, new Set<Place>(['none'])]))
  const versions = new Map<string, Place>()
  const places = (tag: string) => new Set([seen.get(tag) ?? 'none', ...pending.get(tag)!])

  function see(tag: string, place: Place, when: string): void {
    if (isVersionTag(tag as TagName) && place !== 'none') {
      assert.equal(place, versions.get(tag) ?? place, `the version ${tag} changed at ${when}`)
      versions.set(tag, place)
    }
    past.get(tag)!.add(place)
    seen.set(tag, place)
  }

  return {
    places,
    isUnclear: (tag) => pending.get(tag)!.size > 0,
    past: (tag) => past.get(tag)!,
    written: (tag) => versions.get(tag) ?? 'none',
    unclear(tag, wanted) {
      for (const place of wanted) pending.get(tag)!.add(place)
    },
    told(tag, place, moved) {
      seen.set(tag, place)
      if (moved) pending.get(tag)!.clear()
    },
    saw(tags, when) {
      for (const name of names) {
        const place = tags.get(`geo:${name}`) ?? 'none'
        const possible = [...places(name)]
        assert.ok(
          possible.includes(place),
          `${name} points to ${place} after ${when}, and not to ${possible.join(' or ')}`,
        )
        see(name, place, when)
      }
    },
  }
}
