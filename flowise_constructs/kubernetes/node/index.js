'use strict';

const { ApiObject, JsonPatch } = require('cdk8s');

// The object as text, since jsii drops every field that ApiObjectProps doesn't declare. The body is a patch, to which
// cdk8s changes nothing: it fails on a key called "constructor" in what it renders itself.
class PlainObject extends ApiObject {
  constructor(scope, id, json) {
    const { apiVersion, kind, metadata, ...body } = JSON.parse(json);
    super(scope, id, { apiVersion, kind, metadata });
    this.addJsonPatch(...Object.entries(body).map(([name, value]) => JsonPatch.add(`/${name}`, value)));
  }
}

module.exports = { PlainObject };
