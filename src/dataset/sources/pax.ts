// Extended headers of POSIX pax archives: records of the form "length key=value\n".

export type PaxRecords = Map<string, Buffer>

/** The records of one extended header; undefined when they are malformed. */
export function parsePax(bytes: Buffer): PaxRecords | undefined {
  const records: PaxRecords = new Map()
  for (let start = 0; start < bytes.length; ) {
    const record = recordAt(bytes, start)
    if (record === undefined) return undefined
    records.set(record.key, record.value)
    start = record.end
  }
  return records
}

function recordAt(bytes: Buffer, start: number): { key: string; value: Buffer; end: number } | undefined {
  const space = bytes.indexOf(0x20, start)
  const digits = bytes.toString('latin1', start, Math.min(space, start + 16))
  if (space < 0 || !/^[0-9]+$/.test(digits)) return undefined
  const end = start + Number(digits)
  const equals = bytes.indexOf(0x3d, space)
  if (end > bytes.length || equals < 0 || equals >= end || bytes[end - 1] !== 0x0a) return undefined
  return {
    key: bytes.toString('utf8', space + 1, equals),
    value: Buffer.from(bytes.subarray(equals + 1, end - 1)),
    end,
  }
}

/** Records of `over` on top of `under`; an empty value takes a record away. */
export function mergePax(under: PaxRecords, over: PaxRecords): PaxRecords {
  const merged = new Map([...under, ...over])
  for (const [key, value] of over) if (value.length === 0) merged.delete(key)
  return merged
}

/** A count of bytes; undefined when it is none. */
export function paxSize(value: Buffer): number | undefined {
  const text = value.toString('latin1')
  return /^[0-9]{1,16}$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined
}

/** Decimal seconds since 1970 as whole microseconds, rounded down; undefined when malformed. */
export function paxMicros(value: Buffer): number | undefined {
  const match = /^(-?)([0-9]{1,15})(?:\.([0-9]*))?$/.exec(value.toString('latin1'))
  if (match === null) return undefined
  const [, sign, seconds, fraction = ''] = match
  const micros = Number(seconds) * 1e6 + Number(fraction.slice(0, 6).padEnd(6, '0'))
  if (sign === '') return micros
  return /[1-9]/.test(fraction.slice(6)) ? -micros - 1 : -micros
}
