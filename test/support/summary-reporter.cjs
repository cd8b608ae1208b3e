const { Spec } = require('mocha').reporters;

/** Mocha's own report, and as its last line the counts in a form that other programs read. */
module.exports = class SummaryReporter extends Spec {
  epilogue() {
    super.epilogue();
    const { passes, failures, pending } = this.stats;
    const skipped = pending === 0 ? '' : `, ${pending} skipped`;
    console.log(`${passes} passed, ${failures} failed${skipped}`);
  }
};
