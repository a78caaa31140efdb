// What a verb works with: its settings, where results go, the client, and the signal that ends it.
import type { Client } from '../client/client.ts'
import type { Output } from './output/output.ts'
import type { Style } from './output/style.ts'
import type { ProgressView } from './progress/progress-view.ts'
import type { Settings } from './settings/settings.ts'
import type { World } from './world.ts'

export interface Context {
  readonly world: World
  readonly settings: Settings
  /** Results. */
  readonly out: Output
  /** Colours for results. */
  readonly style: Style
  /** Aborts on the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal
  now(): number
  /** Made on first use. */
  client(): Promise<Client>
  /** Made on first use. Draws on stderr, or nothing when the user wants none. */
  progress(): Promise<ProgressView>
  /** Tells the user something on stderr that is no result. Silent with --quiet. */
  note(text: string): Promise<void>
}
