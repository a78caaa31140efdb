// Datasets as buckets: "name" is called so, "@scope/name" is "scope--name", for S3 knows neither "@" nor "/" in a name. Names of
// datasets may have "--" in them too, so a bucket may mean several; the first of its datasets that there is counts.
import { type DatasetName, parseDatasetName } from '../../core/names.ts'

const JOINT = '--'

export function bucketOf(dataset: string): string {
  return dataset.replace(/^@(.*)\//, `$1${JOINT}`)
}

/** The datasets that a bucket may mean: the one without a scope first, then by the length of the scope. */
export function datasetsOf(bucket: string): DatasetName[] {
  const names = [bucket]
  for (let at = bucket.indexOf(JOINT); at >= 0; at = bucket.indexOf(JOINT, at + 1))
    names.push(`@${bucket.slice(0, at)}/${bucket.slice(at + JOINT.length)}`)
  return names.filter(isDatasetName)
}

function isDatasetName(text: string): text is DatasetName {
  try {
    parseDatasetName(text)
    return true
  } catch {
    return false
  }
}
