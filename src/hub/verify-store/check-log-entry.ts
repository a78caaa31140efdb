// Checks a log entry by itself. Whether it is in the chain of its tag is seen from the tag.
import { parseTagName } from '../../core/names.ts'
import { parseLogEntry, timeOfLogEntry } from '../tag-store.ts'
import { faultyOutcome, type Outcome, soundOutcome } from './outcome.ts'
import type { StoreObject } from './store-object.ts'

type LogEntryObject = Extract<StoreObject, { kind: 'log-entry' }>

export function checkLogEntry(object: LogEntryObject, bytes: Uint8Array): Outcome {
  try {
    const { tag, from, to, whenMicros, previous } = parseLogEntry(bytes, object.dataset, object.id)
    parseTagName(tag)
    if (whenMicros !== timeOfLogEntry(object.id))
      return faultyOutcome(object, 'damaged', 'its time is not the one in its name')
    return { ...soundOutcome(object), logEntry: { tag, from, to, whenMicros, previous } }
  } catch {
    return faultyOutcome(object, 'damaged', 'it cannot be read as a log entry')
  }
}
