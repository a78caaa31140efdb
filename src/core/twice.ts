// Wrong bytes may come of a fault on the way, so they are fetched once more before that is called an integrity error.
import { AetherError } from './errors.ts'

export type OnFault = (error: AetherError) => void

/** Does `work` again when it ends in an `integrity` error; a second one is thrown. `onFault` hears of the first. */
export async function twice<T>(work: () => Promise<T>, onFault?: OnFault): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof AetherError && error.code === 'integrity')) throw error
    onFault?.(error)
    return await work()
  }
}
