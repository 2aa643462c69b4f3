//! What the agent wants changed so that a problem stays away: when it is gone for now, nothing is urgent any more, and
//! people are asked in a case of its own. Nothing of it is begun by itself.

use super::plan::draft;
use super::proposals::{declined_key, why_asked};
use super::requests::REQUEST;
use super::world::World;
use crate::domain::agent::{Proposed, ProposedPlan, Request};
use crate::domain::card::one_line;
use crate::domain::ids::IncidentId;
use crate::domain::signal::Timestamp;
use crate::domain::target::Signature;
use crate::policy::{Autonomy, Decision, Facts};

/// Who wants it.
const AGENT: &str = "the agent";

impl World {
    /// Asks people for a plan that is to keep the problem of this incident, which is gone for now, from coming back.
    ///
    /// # Errors
    /// Why nobody is asked, for the model.
    pub(super) fn propose_for_good(
        &mut self,
        id: IncidentId,
        plan: &ProposedPlan,
        why: &str,
        now: Timestamp,
    ) -> Result<Proposed, String> {
        let incident = self.incident(id).ok_or("the case is over")?;
        let (number, root) = (incident.number, incident.root.clone());
        let signature = Signature::parse(REQUEST).map_err(|error| error.to_string())?;
        let (runbook, text) = self.as_runbook(plan, &signature, false)?;
        if self.learned.declined.contains(&declined_key(&runbook.name)) {
            return Err("a person said no to exactly this".to_owned());
        }
        if let Some(waiting) = self.approvals.values().find(|waiting| waiting.runbook == runbook.name) {
            return Ok(Proposed::Waits(format!("question {} asks for exactly this already", waiting.number)));
        }
        let words = format!("{} That is to keep #{number} ({root}) from coming back: {why}", runbook.title);
        let request = Request { by: AGENT.to_owned(), words, goal: None };
        let signal = self.wish(&request, now).ok_or("no case can be opened for it now")?;
        let facts = self.facts(&runbook.name, &root, now);
        let facts = Facts { autonomy: Autonomy::Propose, observed: false, ..facts };
        let drafted = draft(&runbook, &signal, &self.settings.host, &self.knowledge.policy, &facts)?;
        match drafted.decision {
            Decision::Forbid => return Err(format!("the policy forbids it: {}", drafted.forbidden())),
            Decision::Allow => return Err("it changes nothing, so there is nothing to ask for".to_owned()),
            Decision::Approve => {}
        }
        let case = self.open_wish(request, signal.clone(), now).ok_or("no case can be opened for it now")?;
        self.keep_plan(case, (&runbook, Some(&text)), now);
        let by = format!("the agent, after #{number}: {}", one_line(why));
        self.ask_for_agent(case, &drafted, &signal, by, now);
        let asked = self.incident(case).and_then(|case| Some((case.number, case.approval?.1)));
        let (other, question) = asked.ok_or("it can't be asked for now")?;
        let said = format!(
            "To keep it from coming back, the agent asks for something in #{other} (question {question})."
        );
        self.say_in((id, number), said, now);
        let why = format!(
            "the problem is gone for now, so this is asked for in a case of its own, #{other}: {}",
            why_asked(&drafted)
        );
        Ok(Proposed::Asked { number: question, why })
    }
}
