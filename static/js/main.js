// Every page works without any of this: these modules only save a step.
import { offerColorSchemes } from "./color_scheme.js";
import { replaceUnknownCommands } from "./commands.js";
import { offerCopying } from "./copy.js";
import { offerDownloads } from "./download.js";
import { followLifetimes } from "./effect.js";
import { offerPasskeys } from "./passkeys.js";
import { previewLogos } from "./preview.js";
import { offerRows } from "./rows.js";
import { askBeforeSecretsAreLost, wipeSecretsOnLeaving } from "./secrets.js";
import { sendOnce } from "./send_once.js";
import { guardUnsaved } from "./unsaved.js";

offerColorSchemes(document);
replaceUnknownCommands(document);
offerCopying(document);
offerDownloads(document);
offerPasskeys(document);
offerRows(document);
followLifetimes(document);
previewLogos(document);
sendOnce(document, window);
guardUnsaved(document, window);
askBeforeSecretsAreLost(document, window);
wipeSecretsOnLeaving(window);
