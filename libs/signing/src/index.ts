export {
  attach,
  detach,
  KeyRing,
  Signer,
  thumbprint,
  verifyWith,
  type ProtectedHeader,
  type Unverified,
  type Verified,
} from './jws.js';
export { loadKeyRing, loadSigner } from './key-files.js';
export { checkSignature, plainEncoder, signedEncoder, type SignatureCheck } from './signed-events.js';
