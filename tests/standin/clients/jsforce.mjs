// Drives the stand-in with jsforce and prints what it saw as JSON; test_npm_clients.py judges it.
import { Connection } from '@jsforce/jsforce-node';

const [url, clientId, clientSecret] = process.argv.slice(2);
const version = '66.0';
const object = 'LearnUponEnrollment__c';
const key = 'Enrollment_Key__c';
const rows = Array.from({ length: 450 }, (_, number) => ({ [key]: `js:${number}`, Score__c: number % 100 }));
const seen = {};

const connection = new Connection({ loginUrl: url, version, oauth2: { clientId, clientSecret, loginUrl: url } });
await connection.authorize({ grant_type: 'client_credentials' });
seen.instanceUrl = connection.instanceUrl;

const options = { allOrNone: false, allowRecursive: true };
const upserted = await connection.sobject(object).upsert(rows, key, options);
seen.upserted = upserted.filter((one) => one.success && one.created).length;

const query = `SELECT Id, ${key} FROM ${object} ORDER BY ${key}`;
seen.queried = (await connection.query(query, { autoFetch: true, maxFetch: 1000 })).records.length;
seen.limits = connection.limitInfo.apiUsage.limit;

const deleted = await connection.sobject(object).destroy(upserted.slice(0, 3).map((one) => one.id));
seen.deleted = deleted.filter((one) => one.success).length;

const wrong = await connection.sobject(object).upsert([{ [key]: 'js:x', Score__c: 1000 }], key, options);
seen.refused = wrong[0].errors[0].statusCode ?? wrong[0].errors[0].errorCode;

const bulk = await connection.bulk2.loadAndWaitForResults({
  object,
  operation: 'upsert',
  externalIdFieldName: key,
  input: [...rows.slice(0, 5), { [key]: 'js:y', Score__c: 1000 }],
  pollInterval: 100,
  pollTimeout: 20000,
});
seen.bulk = [bulk.successfulResults.length, bulk.failedResults.length, bulk.unprocessedRecords.length];

let refreshed = 0;
const expired = new Connection({
  instanceUrl: url,
  accessToken: 'expired',
  version,
  refreshFn: (_, done) => {
    refreshed += 1;
    done(null, connection.accessToken);
  },
});
seen.afterRefresh = (await expired.query(`SELECT COUNT() FROM ${object}`)).totalSize;
seen.refreshed = refreshed;

seen.described = (await connection.sobject(object).describe()).fields.some((field) => field.name === key);
console.log(JSON.stringify(seen));
