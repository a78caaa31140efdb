// What the folder storage asks of the file system, by name, so that tests can put a full or failing disk under it.
import type * as nodeFs from 'node:fs/promises'

export type FolderFs = Pick<
  typeof nodeFs,
  'open' | 'link' | 'rename' | 'unlink' | 'mkdir' | 'lstat' | 'readdir' | 'opendir'
>
