//! Claims in doubt.

use async_trait::async_trait;
use postonce_domain::{ClaimId, CompanyFile, InvoiceId, InvoiceState, LedgerUid, Outcome, Owner};
use postonce_ports::doubt::{Absence, Dossier, DoubtStore, Doubtful, Miss, PastClaim, Probe};
use postonce_ports::error::StoreError;

use crate::MemoryStore;
use crate::world::{ClaimRow, World, later};

#[async_trait]
impl DoubtStore for MemoryStore {
    async fn doubtful(&self) -> Result<Vec<Doubtful>, StoreError> {
        let world = self.world();
        let rows = world.in_doubt();
        Ok(rows
            .map(|(invoice, claim, absent_confirmed_at)| Doubtful {
                invoice,
                number: claim.number.clone(),
                company_file: claim.company_file.clone(),
                claim: claim.id,
                since: claim.claimed_at,
                quiet_until: claim.quiet_until,
                inquiries: claim.inquiries,
                absent_confirmed_at,
                next_check: claim.next_check,
            })
            .collect())
    }

    async fn due(&self, company_file: &CompanyFile) -> Result<Vec<InvoiceId>, StoreError> {
        let now = self.now();
        let world = self.world();
        let due = world
            .in_doubt()
            .filter(|(_, claim, _)| claim.company_file == *company_file && claim.next_check <= now);
        Ok(due.map(|(invoice, ..)| invoice).collect())
    }

    async fn dossier(&self, invoice: InvoiceId) -> Result<Option<Dossier>, StoreError> {
        let now = self.now();
        let world = self.world();
        let Some(row) = world.invoices.get(&invoice) else { return Ok(None) };
        let claims = world.claims_of(invoice).map(|claim| PastClaim {
            id: claim.id,
            number: claim.number.clone(),
            reference: claim.reference.clone(),
            outcome: claim.outcome_name(),
            claimed_at: claim.claimed_at,
            quiet_until: claim.quiet_until,
            inquiries: claim.inquiries,
            quiet_over: claim.quiet_until <= now,
            next_check: claim.next_check,
        });
        let ignored = world.ruled_out.get(&invoice).into_iter().flatten().cloned();
        Ok(Some(Dossier {
            stored: world.stored(invoice, row),
            claims: claims.collect(),
            ignored: ignored.collect(),
            read_at: now,
        }))
    }

    async fn owners(
        &self,
        company_file: &CompanyFile,
        claims: &[ClaimId],
        uids: &[LedgerUid],
    ) -> Result<Owner, StoreError> {
        let world = self.world();
        let of_file = |claim: &&ClaimRow| claim.company_file == *company_file;
        let claims = claims
            .iter()
            .filter_map(|id| world.claim(*id).filter(of_file).map(|claim| (*id, claim.invoice)));
        let uids = uids
            .iter()
            .filter_map(|uid| world.owner_of(company_file, uid).map(|owner| (uid.clone(), owner)));
        Ok(Owner { claims: claims.collect(), uids: uids.collect() })
    }

    async fn probe(
        &self,
        company_file: &CompanyFile,
        claim: ClaimId,
    ) -> Result<Option<Probe>, StoreError> {
        let world = self.world();
        let later = world.claims.iter().skip_while(|row| row.id != claim).skip(1);
        let of_file: Vec<&ClaimRow> =
            later.filter(|row| row.company_file == *company_file).collect();
        Ok(of_file.into_iter().rev().find_map(|row| {
            let Some(Outcome::Posted { uid }) = &row.outcome else { return None };
            let owner = world.owner_of(company_file, uid)?;
            (owner == row.invoice).then(|| Probe {
                uid: uid.clone(),
                number: row.number.clone(),
                reference: row.reference.clone(),
            })
        }))
    }

    async fn record_miss(&self, miss: Miss) -> Result<Absence, StoreError> {
        let now = self.now();
        let mut world = self.world();
        let version = world.version_of(miss.claim);
        let Some(claim) = world.claim_mut(miss.claim) else { return Ok(Absence::Unproven) };
        claim.inquiries = claim.inquiries.saturating_add(1);
        if miss.probed && version == Some(miss.version) {
            claim.misses = claim.misses.and(miss.begun, now, claim.quiet_until, miss.recheck);
        }
        let (invoice, proven) = (claim.invoice, claim.misses.proven);
        let again_at = claim.misses.again_at(miss.recheck);
        let next_check = later(now, miss.next_check);
        claim.next_check = again_at.map_or(next_check, |at| at.min(next_check));
        world.write_note(invoice, now, miss.note(), None);
        Ok(match (proven, again_at) {
            (Some(at), _) => Absence::Proven { at },
            (None, Some(again_at)) => Absence::Once { again_at },
            (None, None) => Absence::Unproven,
        })
    }
}

impl World {
    /// Every invoice in doubt, its claim, and since when it is known to be absent.
    fn in_doubt(&self) -> impl Iterator<Item = (InvoiceId, &ClaimRow, Option<jiff::Timestamp>)> {
        self.invoices.iter().filter_map(|(id, row)| {
            let InvoiceState::InDoubt { claim, absent_confirmed_at } = &row.life.state else {
                return None;
            };
            Some((*id, self.claim(*claim)?, *absent_confirmed_at))
        })
    }
}
