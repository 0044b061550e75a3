export {
  KeyRing,
  Signer,
  thumbprint,
  verifyWith,
  type ProtectedHeader,
  type TrustedKey,
  type Unverified,
  type Verified,
} from './jws.js';
export { climb, leafHash, nodeHash, type Step } from './merkle.js';
export { loadKeyRing, loadSigner, loadStoredKeyRing, type Following } from './key-files.js';
export {
  checkSignature,
  eventPen,
  openWarrant,
  packWarrant,
  plainEncoder,
  signedEncoder,
  type Covered,
  type EventPen,
  type OpenedWarrant,
  type SignatureCheck,
  type Signed,
} from './signed-events.js';
