// Which kind of progress fits: bars on a terminal, lines elsewhere, JSON lines with --json, nothing when not wanted.
import type { Settings } from '../settings/settings.ts'
import type { World } from '../world.ts'
import { createLineView, jsonLine, plainLine } from './line-view.ts'
import type { ProgressView } from './progress-view.ts'
import { createSilentView } from './silent-view.ts'
import { createTerminalView } from './terminal-view.ts'

export function createProgressView({ stderr, clock, env }: World, settings: Settings): ProgressView {
  if (settings.quiet || !settings.progress) return createSilentView(stderr)
  if (settings.json) return createLineView(stderr, clock, jsonLine)
  if (stderr.isTTY && env.TERM !== 'dumb') return createTerminalView(stderr, clock)
  return createLineView(stderr, clock, plainLine)
}
