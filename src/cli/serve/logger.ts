// Logs of a hub: JSON lines on stderr, or short lines when a person looks at them.
import { type Logger, pino, stdTimeFunctions } from 'pino'
import { printable } from '../output/printable.ts'
import { chooseStyle, type Style } from '../output/style.ts'
import type { LogLevel } from '../settings/settings.ts'
import type { World } from '../world.ts'

export function createLogger({ stderr, env }: Pick<World, 'stderr' | 'env'>, level: LogLevel, json: boolean): Logger {
  const pretty = stderr.isTTY && !json
  const style = chooseStyle(stderr, env)
  const write = (line: string) => void stderr.write(pretty ? prettyLine(line, style) : line)
  return pino(
    { level, base: null, timestamp: stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } },
    { write },
  )
}

/** "10:00:00 info  listening url=http://127.0.0.1:8080". */
export function prettyLine(line: string, style: Style): string {
  const { time, level, msg, ...rest } = JSON.parse(line) as Record<string, unknown>
  const facts = Object.entries(rest).map(
    ([key, value]) =>
      `${style.faint(`${key}=`)}${printable(typeof value === 'object' ? JSON.stringify(value) : String(value))}`,
  )
  const name = String(level).padEnd(5)
  const shown = level === 'error' || level === 'fatal' ? style.bad(name) : level === 'warn' ? style.changed(name) : name
  return `${[style.faint(String(time).slice(11, 19)), shown, printable(String(msg ?? '')), ...facts].join(' ')}\n`
}
