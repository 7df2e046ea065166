import { MediaDeviceFailure } from "livekit-client";
import type { Words } from "../i18n/en";

/** Why a device cannot be used: for whoever wanted to start it. */
export function sayingOfDevice(t: Words, device: string, failure?: MediaDeviceFailure): string {
  if (globalThis.isSecureContext === false) return t.insecure;
  switch (failure) {
    case MediaDeviceFailure.PermissionDenied:
      return t.deviceDenied(device);
    case MediaDeviceFailure.NotFound:
      return t.deviceMissing(device);
    case MediaDeviceFailure.DeviceInUse:
      return t.deviceBusy(device);
    default:
      return t.deviceFailed(device);
  }
}
