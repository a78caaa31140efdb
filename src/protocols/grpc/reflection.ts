// What the hub's services look like, for tools: grpc.reflection.v1, and v1alpha for older tools.
// https://github.com/grpc/grpc/blob/master/doc/server-reflection.md
import {
  create,
  createRegistry,
  type DescFile,
  type DescService,
  fromBinary,
  type MessageInitShape,
  type Registry,
  toBinary,
} from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import { Code, type ServiceImpl } from '@connectrpc/connect'
import {
  type ExtensionRequest,
  type ServerReflection,
  type ServerReflectionRequest,
  ServerReflectionRequestSchema,
  type ServerReflectionResponse,
  ServerReflectionResponseSchema,
} from '../../gen/grpc/reflection/v1/reflection_pb.ts'
import {
  type ServerReflection as AlphaReflection,
  ServerReflectionRequestSchema as AlphaRequestSchema,
  ServerReflectionResponseSchema as AlphaResponseSchema,
} from '../../gen/grpc/reflection/v1alpha/reflection_pb.ts'

type Answer = NonNullable<MessageInitShape<typeof ServerReflectionResponseSchema>['messageResponse']>

export interface Reflection {
  v1: ServiceImpl<typeof ServerReflection>
  alpha: ServiceImpl<typeof AlphaReflection>
}

/** What there is to tell. */
interface Catalogue {
  services: readonly DescService[]
  /** By name, with ".proto". */
  files: ReadonlyMap<string, DescFile>
  types: Registry
}

export function createReflection(services: readonly DescService[]): Reflection {
  const files = new Map(services.flatMap((service) => withImports(service.file)).map((file) => [file.proto.name, file]))
  const catalogue = { services, files, types: createRegistry(...files.values()) }
  const respond = (request: ServerReflectionRequest): ServerReflectionResponse =>
    create(ServerReflectionResponseSchema, {
      validHost: request.host,
      originalRequest: request,
      messageResponse: answer(request.messageRequest, catalogue),
    })

  return {
    v1: {
      async *serverReflectionInfo(requests) {
        for await (const request of requests) yield respond(request)
      },
    },
    alpha: {
      async *serverReflectionInfo(requests) {
        for await (const request of requests) {
          // The two versions are the same on the wire.
          const v1 = fromBinary(ServerReflectionRequestSchema, toBinary(AlphaRequestSchema, request))
          yield fromBinary(AlphaResponseSchema, toBinary(ServerReflectionResponseSchema, respond(v1)))
        }
      },
    },
  }
}

function answer(request: ServerReflectionRequest['messageRequest'], { services, files, types }: Catalogue): Answer {
  switch (request.case) {
    case 'listServices':
      return {
        case: 'listServicesResponse',
        value: { service: services.map((service) => ({ name: service.typeName })) },
      }
    case 'fileByFilename':
      return fileAnswer(files.get(request.value), request.value)
    case 'fileContainingSymbol':
      return fileAnswer(fileOfSymbol(types, request.value), request.value)
    case 'fileContainingExtension':
      return fileAnswer(fileOfExtension(types, request.value), request.value.containingType)
    case 'allExtensionNumbersOfType':
      return extensionNumbers(types, request.value)
    default:
      return errorAnswer(Code.InvalidArgument, 'The request asks for nothing')
  }
}

function fileAnswer(file: DescFile | undefined, name: string): Answer {
  if (!file) return errorAnswer(Code.NotFound, `There is no "${name}"`)
  const fileDescriptorProto = withImports(file).map((f) => toBinary(FileDescriptorProtoSchema, f.proto))
  return { case: 'fileDescriptorResponse', value: { fileDescriptorProto } }
}

/** The file that declares a message, enum, service, extension, or a member of one of these. */
function fileOfSymbol(types: Registry, name: string): DescFile | undefined {
  return (types.get(name) ?? types.get(name.slice(0, Math.max(0, name.lastIndexOf('.')))))?.file
}

function fileOfExtension(types: Registry, { containingType, extensionNumber }: ExtensionRequest): DescFile | undefined {
  const message = types.getMessage(containingType)
  return message && types.getExtensionFor(message, extensionNumber)?.file
}

function extensionNumbers(types: Registry, typeName: string): Answer {
  if (!types.getMessage(typeName)) return errorAnswer(Code.NotFound, `There is no message "${typeName}"`)
  const extensionNumber = [...types].flatMap((type) =>
    type.kind === 'extension' && type.extendee.typeName === typeName ? [type.number] : [],
  )
  return { case: 'allExtensionNumbersResponse', value: { baseTypeName: typeName, extensionNumber } }
}

function errorAnswer(errorCode: Code, errorMessage: string): Answer {
  return { case: 'errorResponse', value: { errorCode, errorMessage } }
}

/** The file, and behind it all that it needs, each once. */
function withImports(file: DescFile): DescFile[] {
  return [...new Set([file, ...file.dependencies.flatMap(withImports)])]
}
