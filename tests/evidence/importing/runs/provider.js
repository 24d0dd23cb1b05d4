const replies = {
  'When does the museum open on Sunday?': 'The museum opens at nine on Sunday.',
  'How much is a ticket for two adults?': '{"price": "24", "currency": "EUR"}',
  'Is the cafe open in winter?': 'Yes, from ten to four.',
  'Which floor has the clocks?': 'The clocks are on the second floor.',
};
module.exports = class {
  id() { return 'museum-bot'; }
  async callApi(prompt, context) {
    const question = context.vars.question;
    if (question === 'Who founded the museum?') return { error: 'The model did not answer in time' };
    return { output: replies[question], tokenUsage: { total: 20, prompt: 15, completion: 5 } };
  }
};
