// Names of WebDAV properties: a namespace and a local name, as in XML.

/** The namespace of WebDAV itself; it is a name, not an address. */
export const DAV = 'DAV:'

export interface PropertyName {
  /** "" for none. */
  namespace: string
  name: string
}
