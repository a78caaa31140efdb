// What most tests begin with: a hub, a client of it with a cache folder of its own, and a folder for everything else.
import { type Client, connect } from '../../src/client/index.ts'
import { startHub, type TestHub, type TestHubOptions } from './hub.fixture.ts'
import { type TemporaryFolder, temporaryFolder } from './temporary-folder.fixture.ts'

export interface TestWorld extends AsyncDisposable {
  hub: TestHub
  client: Client
  folder: TemporaryFolder
  /** The path of something in the folder. */
  at(...parts: string[]): string
  /** One more client of the hub: of another user, with nothing in its cache. */
  newClient(): Client
}

export interface WorldOptions extends TestHubOptions {
  /** How long clients try again. @default as long as they do for users */
  retryForMs?: number
}

export async function openWorld({ retryForMs, ...options }: WorldOptions = {}): Promise<TestWorld> {
  const opened = new AsyncDisposableStack()
  const folder = opened.use(await temporaryFolder())
  const hub = opened.use(await startHub(options))
  let clients = 0

  function newClient(): Client {
    const client = connect({ host: hub.host, cacheFolder: folder.at(`cache-${clients++}`), retryForMs })
    opened.defer(async () => client.close())
    return client
  }

  const client = newClient()
  const { at } = folder
  return { hub, client, folder, at, newClient, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}
