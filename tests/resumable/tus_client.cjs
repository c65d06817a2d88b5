// Drives tus-js-client as an application would: node tus_client.cjs SCENARIO ENDPOINT FILE
const fs = require("fs");
const { PassThrough } = require("stream");
const tus = require(process.env.TUS_JS_CLIENT || "tus-js-client");
const [scenario, endpoint, path] = process.argv.slice(2);
const MIB = 1 << 20;

const run = (input, options, during) =>
  new Promise((resolve, reject) => {
    const upload = new tus.Upload(input, {
      endpoint,
      metadata: { filename: `${scenario}.bin` },
      headers: JSON.parse(process.env.TUS_HEADERS || "{}"),
      retryDelays: [0, 100, 500, 1000],
      onError: reject,
      onSuccess: () => resolve(upload.url),
      ...options,
    });
    if (during) during(upload, resolve, reject);
    upload.start();
  });

const stream = () => fs.createReadStream(path);

const scenarios = {
  whole: () => run(stream(), { uploadSize: fs.statSync(path).size, chunkSize: Infinity }),
  chunks: () => run(stream(), { uploadSize: fs.statSync(path).size, chunkSize: 3 * MIB }),
  // Through a pipe: of a file's own stream tus-js-client knows the size and announces too much.
  deferred: () => run(stream().pipe(new PassThrough()), { uploadLengthDeferred: true, chunkSize: 5 * MIB }),
  creation: () => run(fs.readFileSync(path), { uploadDataDuringCreation: true, chunkSize: 4 * MIB }),
  parallel: () => run(stream(), { parallelUploads: 4, chunkSize: 2 * MIB }),
  override: () => run(fs.readFileSync(path), { overridePatchMethod: true, chunkSize: 4 * MIB }),
  ietf: () => run(fs.readFileSync(path), { protocol: "ietf-draft-05", chunkSize: 4 * MIB }),
  async resume() {
    const first = await run(fs.readFileSync(path), { chunkSize: 2 * MIB }, (upload, resolve) => {
      upload.options.onChunkComplete = (_, accepted) => {
        if (accepted >= 4 * MIB) upload.abort().then(() => resolve(upload.url));
      };
    });
    return run(fs.readFileSync(path), { uploadUrl: first, chunkSize: 2 * MIB });
  },
  terminate: () =>
    run(fs.readFileSync(path), { chunkSize: 2 * MIB }, (upload, resolve, reject) => {
      upload.options.onChunkComplete = () =>
        upload.abort(true).then(() => resolve(upload.url), reject);
    }),
};

scenarios[scenario]().then(
  (url) => console.log(url),
  (error) => {
    console.error(String(error));
    process.exit(1);
  },
);
